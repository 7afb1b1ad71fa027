"""The packages of an earlier state: can they still be had? From a folder of tiny wheels."""

import subprocess
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.target.app_release import ReleaseUnreadable, read_app_release
from nautobot_upgrade_jobs.target.inspect import BuildLimits
from nautobot_upgrade_jobs.target.pins import lock_packages
from nautobot_upgrade_jobs.target.uv import find_interpreter
from tests.support.installations import CORE, EXAMPLE, LIB
from tests.support.wheels import source, wheel

NEWER = Packages(tuple(replace(one, version="9.9") for one in (CORE, LIB, EXAMPLE)))


def limits(index):
    return BuildLimits(30, 30, 100, wheel_directory=str(index))


def frozen(index, *more, now=NEWER):
    return lock_packages(Packages((CORE, LIB, EXAMPLE, *more)), now, "3.11.7", limits(index), 30)


def pins(found):
    return {
        one.split()[0] for one in found.requirements.splitlines() if "==" in one and one[0] != "#"
    }


def test_all_are_there(index):
    found = frozen(index)
    assert (found.unavailable, found.unchecked_reason) == ((), "")
    assert pins(found) == {"nautobot==2.4.44", "lib==1.0", "example==1.0"}


def test_pip_takes_it(index, tmp_path):
    file = tmp_path / "rollback-requirements.txt"
    file.write_text(frozen(index, Package("own", "1.0", (), "", local=True)).requirements)
    words = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--find-links", index]
    place = tmp_path / "there"
    subprocess.check_call([find_interpreter(), *words, "--target", place, "--requirement", file])
    assert (place / "nautobot-2.4.44.dist-info").exists()


@pytest.mark.parametrize(
    ("lost", "now", "missing"),
    [
        (Package("gone", "0.1", (), ""), NEWER, ("gone==0.1",)),
        (Package("never", "1.0", (), ""), NEWER, ("never==1.0",)),
        # What is installed in this version, need not be had.
        (Package("gone", "0.1", (), ""), Packages((Package("gone", "0.1", (), ""),)), ()),
        (Package("own", "0.1", (), "", local=True), NEWER, ("own==0.1",)),
        (
            Package("own", "0.1", (), "", local=True),
            Packages((Package("own", "0.1", (), "", local=True),)),
            (),
        ),
    ],
)
def test_what_cannot_be_had_is_named_and_not_asked_for(index, lost, now, missing):
    wheel(index, "gone", "0.2")
    found = frozen(index, lost, now=now)
    assert found.unavailable == missing
    assert f"# {lost.name}=={lost.version}" in found.requirements
    assert pins(found) == {"nautobot==2.4.44", "lib==1.0", "example==1.0"}


def test_what_installs_is_left_out(index):
    found = frozen(index, Package("pip", "0.1", (), ""))
    assert "pip" not in found.requirements and found.unavailable == ()


def test_a_wheel_that_is_too_large_is_refused(index):
    wheel(index, "example", "4.0", files=[*FILES, ("example/much.bin", "x" * (3 << 20))])
    small = BuildLimits(30, 30, 1, wheel_directory=str(index))
    with pytest.raises(ReleaseUnreadable, match="more than 1 MiB"):
        read_app_release("example==4.0", "example", small, 30)


def test_nothing_is_built(index):
    source(index, "sourced", "1.0", "lib")
    found = frozen(index, Package("sourced", "1.0", ("lib",), ""))
    assert "sourced==1.0" in pins(found)
    assert not (index / "built").exists()


def test_an_index_that_does_not_answer_is_a_reason(index, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("nautobot_upgrade_jobs.target.uv._find_uv", lambda: "/no/such/uv")
    found = frozen(index)
    assert "uv does not run" in found.unchecked_reason
    assert pins(found) == {"nautobot==2.4.44", "lib==1.0", "example==1.0"}


FILES = [
    ("example/__init__.py", "raise SystemExit('nobody runs this')"),
    ("example/migrations/__init__.py", ""),
    ("example/migrations/0001_initial.py", "raise SystemExit('nor this')"),
    ("example/migrations/0002_more.py", ""),
    ("example/migrations/_helpers.py", ""),
    ("example/migrations/note.txt", ""),
]


def test_the_migrations_of_a_release_are_read_and_not_run(index):
    wheel(index, "example", "3.0", "nautobot>=99", files=FILES)
    found = read_app_release("example==3.0", "example", limits(index), 30)
    assert found.migrations == {"0001_initial", "0002_more"}
    assert found.requires == ("nautobot>=99",)


@pytest.mark.parametrize(
    ("requirement", "module", "words"),
    [
        ("example==7.7", "example", "example==7.7"),
        ("example==1.0", "other", "it has no package other"),
        ("sourced==1.0", "sourced", "sourced"),
    ],
)
def test_what_cannot_be_read_is_said(index, requirement, module, words):
    source(index, "sourced", "1.0")
    with pytest.raises(ReleaseUnreadable) as told:
        read_app_release(requirement, module, limits(index), 30)
    assert words in str(told.value)
    assert not (index / "built").exists()
