"""Resolving the package set of a target on an index of minimal wheels."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Apps, Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.resolution import AlternativeTarget
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from tests.support.installations import CORE, EXAMPLE, LIB, NEW, OLD, asked, versions
from tests.support.wheels import wheel

TOOL = Package("tool", "0.9", (), "")


def test_resolve_apps_are_newest_compatible_and_the_rest_unchanged(index):
    found = asked(index)
    assert versions(found) == {"nautobot": "3.2.7", "example": "2.0", "lib": "1.0"}
    (example,) = found.apps
    assert (
        example.installed,
        example.within_current_release,
        example.compatible,
        example.latest,
    ) == (*("1.0", "1.1", "2.0", "2.0"),)
    assert not (found.incompatible or found.conflict or found.excluded or found.sdist_only)
    assert "--hash=sha256:" in found.constraints


def test_resolve_within_line_app_does_not_upgrade_nautobot(index):
    found = asked(index, target="2.4.44")
    assert versions(found) == {"nautobot": "2.4.44", "example": "1.1", "lib": "1.0"}


def test_resolve_lines_give_alternatives(index):
    wheel(index, "nautobot", "2.4.45", "lib>=1")
    wheel(index, "nautobot", "3.1.8", "lib>=2")
    wheel(index, "nautobot", "4.0.0", "lib>=1")
    found = asked(index, target="2.4.44", lines=("2.4", "3.1", "3.2", "4.0", "9.9"))
    assert found.alternatives == (
        AlternativeTarget("2.4.45", (), conflict=False, packages_changed=2, apps_changed=1),
        AlternativeTarget("3.1.8", (), conflict=False, packages_changed=3, apps_changed=1),
        AlternativeTarget("3.2.7", (), conflict=False, packages_changed=2, apps_changed=1),
        AlternativeTarget(
            "4.0.0", ("example",), conflict=False, packages_changed=0, apps_changed=0
        ),
    )


def test_resolve_packages_name_what_requires_them(index):
    wanted = {one.name: one.required_by for one in asked(index).packages}
    assert wanted == {"nautobot": ("example",), "example": (), "lib": ("nautobot",)}


def test_resolve_old_release_without_upper_bound_is_not_taken(index):
    """As nautobot-data-validation-engine 3.0.1, which states no upper bound, for Nautobot 3.2."""
    wheel(index, "stuck", "1.0", "nautobot>=2.0")
    wheel(index, "stuck", "2.0", OLD)
    found = asked(index, Package("stuck", "2.0", (OLD,), ""), apps=("example", "stuck"))
    assert list(found.incompatible) == ["stuck"]


def test_resolve_distribution_missing_on_index_is_named(index):
    found = asked(index, Package("private", "1.0", (), ""))
    assert found.not_on_index == ("private",)
    assert "private" not in versions(found)


def test_resolve_release_missing_on_index_is_named(index):
    found = asked(index, Package("tool", "0.9", (), ""))
    assert found.not_on_index == ("tool",)
    wheel(index, "tool", "1.0")
    found = asked(index, Package("tool", "0.9", (), ""))
    assert found.not_on_index == ("tool",)
    assert versions(found)["tool"] == "1.0"


@pytest.mark.parametrize("apps", [("example",), ("example", "own")])
def test_resolve_name_of_another_project_on_the_index_is_not_taken(index, public, apps):
    """A private App was installed from elsewhere, and a stranger has published its name."""
    wheel(index, "own", "99.0")
    public(index)
    own = Package("own", "1.0", (), "")
    found = asked(None, own, apps=apps)
    assert (found.not_on_index, found.excluded) == (("own",), ())
    assert versions(found) == {"nautobot": "3.2.7", "example": "2.0", "lib": "1.0"}
    assert "own" not in found.constraints
    requested = asked(None, own, apps=apps, wanted=("own>=1",))
    assert versions(requested)["own"] == "99.0"


def test_resolve_name_with_the_installed_version_on_the_index_is_taken(index, public):
    for version in ("1.0", "99.0"):
        wheel(index, "own", version)
    public(index)
    found = asked(None, Package("own", "1.0", (), ""), apps=("example", "own"))
    assert versions(found)["own"] == "99.0"


def test_resolve_dependency_whose_version_was_removed_from_the_index_is_replaced(index, public):
    """Its name is known from the package that requires it."""
    wheel(index, "example", "2.0", NEW, "tool")
    wheel(index, "tool", "1.0")
    public(index)
    requires_tool = replace(EXAMPLE, requires=(OLD, "tool"))
    found = asked(None, installed=(CORE, LIB, requires_tool, TOOL))
    assert versions(found)["tool"] == "1.0"


@pytest.mark.parametrize("target", ["9.9.9", "3.2.99"])
def test_resolve_target_missing_on_index_is_incompatible(index, target):
    found = asked(index, target=target)
    assert found.packages == ()
    assert list(found.incompatible) == ["nautobot"]


def test_resolve_missing_wheel_directory_gives_a_reason(tmp_path):
    found = asked(tmp_path / "nowhere")
    assert isinstance(found, Unavailable) or not found.packages


def test_resolve_unreachable_index_gives_a_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:1/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    wishes = RootRequirements(Packages((CORE,)), Apps((), ()), "3.11.7")
    found = resolve(wishes, "3.2.7", deadline=Deadline(20))
    assert isinstance(found, Unavailable)
    assert "127.0.0.1:1" in found.reason
    assert "secret" not in found.reason


def test_resolve_time_limit_is_enforced(index):
    packages = Packages((CORE, LIB, EXAMPLE))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    found = resolve(wishes, "3.2.7", deadline=Deadline(0), wheel_directory=str(index))
    assert isinstance(found, Unavailable)
    assert "in time" in found.reason


def test_resolve_wheel_directory_without_nautobot_is_named(tmp_path):
    found = asked(tmp_path)
    assert isinstance(found, Unavailable)
    assert found.reason == f"wheel_directory: {tmp_path} has no nautobot"


def test_resolve_url_with_password_is_masked(index):
    wheel(index, "helper", "1.0")
    address = "helper @ http://user:planted@127.0.0.1:1/helper-1.0-py3-none-any.whl"
    ours = Package("ours", "0.1", (address,), "", local=True)
    found = asked(index, ours, requirements_file=(address, "-r more.txt"))
    assert versions(found)["helper"] == "1.0"
    assert "planted" not in repr((found.packages, found.constraints, found.incompatible))
    assert found.unparsed_requirement_lines == (address, "-r more.txt")


def test_resolve_wheel_directory_without_nautobot_is_unavailable(tmp_path):
    wheel(tmp_path, "lib", "1.0")
    found = asked(tmp_path)
    assert isinstance(found, Unavailable)
    assert "no nautobot" in found.reason


def test_resolve_app_missing_on_index_affects_no_other(index):
    private = Package("private", "1.0", (OLD, "helper"), "")
    wheel(index, "helper", "1.0")
    found = asked(index, private, apps=("example", "private"))
    assert [one.distribution for one in found.apps] == ["example"]
    assert found.apps[0].latest == "2.0"
    assert versions(found)["helper"] == "1.0"


def test_resolve_unusable_scratch_folder_gives_a_reason(index, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    wishes = RootRequirements(Packages((CORE, LIB)), Apps((), ()), "3.11.7")
    found = resolve(wishes, "3.2.7", deadline=Deadline(30), wheel_directory=str(index))
    assert isinstance(found, Unavailable)
