"""Pinning the packages of an earlier state."""

import subprocess
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.target.inspect import BuildLimits
from nautobot_upgrade_jobs.target.pins import lock_packages
from nautobot_upgrade_jobs.target.uv import Uv, find_interpreter
from tests.support.installations import CORE, EXAMPLE, LIB
from tests.support.wheels import source, wheel

HASH = f"\\\n    --hash=sha256:{'0' * 64}"
NEWER = Packages(tuple(replace(one, version="9.9") for one in (CORE, LIB, EXAMPLE)))


def limits(index):
    return BuildLimits(30, 30, 100, wheel_directory=str(index))


def frozen(index, *more, now=NEWER):
    return lock_packages(Packages((CORE, LIB, EXAMPLE, *more)), now, "3.11.7", limits(index), 30)


def pins(found):
    return {
        one.split()[0] for one in found.requirements.splitlines() if "==" in one and one[0] != "#"
    }


def test_lock_packages_available_packages_are_pinned(index):
    found = frozen(index)
    assert (found.unavailable, found.unchecked_reason) == ((), "")
    assert pins(found) == {"nautobot==2.4.44", "lib==1.0", "example==1.0"}


def test_lock_packages_result_is_accepted_by_pip(index, tmp_path):
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
def test_lock_packages_unavailable_package_is_named_and_not_pinned(index, lost, now, missing):
    wheel(index, "gone", "0.2")
    found = frozen(index, lost, now=now)
    assert found.unavailable == missing
    assert f"# {lost.name}=={lost.version}" in found.requirements
    assert pins(found) == {"nautobot==2.4.44", "lib==1.0", "example==1.0"}


def test_lock_packages_installer_is_omitted(index):
    found = frozen(index, Package("pip", "0.1", (), ""))
    assert "pip" not in found.requirements and found.unavailable == ()


def test_lock_packages_sdist_is_not_built(index):
    source(index, "sourced", "1.0", "lib")
    found = frozen(index, Package("sourced", "1.0", ("lib",), ""))
    assert "sourced==1.0" in pins(found)
    assert not (index / "built").exists()


def test_lock_packages_pins_without_a_hash_leave_the_others_theirs(index, monkeypatch):
    """A folder has no hashes, so those of an index are added to what uv prints."""
    compile_pins = Uv.compile

    def compile_with_some_hashes(uv, *words):
        output = compile_pins(uv, *words)
        return replace(output, text=output.text.replace("lib==1.0", f"lib==1.0 {HASH}"))

    monkeypatch.setattr(Uv, "compile", compile_with_some_hashes)
    found = frozen(index, Package("own", "1.0", (), "", local=True))
    assert found.requirements == (
        f"lib==1.0 {HASH}\n# own==1.0 was installed from a folder or a file\n"
    )
    assert found.unhashed_requirements == "example==1.0\nnautobot==2.4.44\n"


def test_lock_packages_unreachable_index_gives_a_reason(index, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("nautobot_upgrade_jobs.target.uv._find_uv", lambda: "/no/such/uv")
    found = frozen(index)
    assert "uv does not run" in found.unchecked_reason
    assert pins(found) == {"nautobot==2.4.44", "lib==1.0", "example==1.0"}
