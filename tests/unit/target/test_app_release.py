"""Reading the migrations of an App release from its wheel."""

import pytest

from nautobot_upgrade_jobs.target.app_release import ReleaseUnreadable, read_app_release
from nautobot_upgrade_jobs.target.inspect import BuildLimits
from tests.support.wheels import source, wheel


def limits(index):
    return BuildLimits(30, 30, 100, wheel_directory=str(index))


FILES = [
    ("example/__init__.py", "raise SystemExit('must not run')"),
    ("example/migrations/__init__.py", ""),
    ("example/migrations/0001_initial.py", "raise SystemExit('must not run')"),
    ("example/migrations/0002_more.py", ""),
    ("example/migrations/_helpers.py", ""),
    ("example/migrations/note.txt", ""),
]


def test_read_app_release_wheel_over_size_limit_is_refused(index):
    wheel(index, "example", "4.0", files=[*FILES, ("example/much.bin", "x" * (3 << 20))])
    small = BuildLimits(30, 30, 1, wheel_directory=str(index))
    with pytest.raises(ReleaseUnreadable, match="larger than 1 MiB"):
        read_app_release("example==4.0", "example", small, 30)


def test_read_app_release_migrations_are_read_without_running_code(index):
    wheel(index, "example", "3.0", "nautobot>=99", files=FILES)
    release = read_app_release("example==3.0", "example", limits(index), 30)
    assert release.migrations == {"0001_initial", "0002_more"}
    assert release.requires == ("nautobot>=99",)


@pytest.mark.parametrize(
    ("requirement", "module", "words"),
    [
        ("example==7.7", "example", "example==7.7"),
        ("example==1.0", "other", "the release has no package other"),
        ("sourced==1.0", "sourced", "sourced"),
    ],
)
def test_read_app_release_unreadable_release_gives_a_reason(index, requirement, module, words):
    source(index, "sourced", "1.0")
    with pytest.raises(ReleaseUnreadable) as refusal:
        read_app_release(requirement, module, limits(index), 30)
    assert words in str(refusal.value)
    assert not (index / "built").exists()
