"""Differences that another release of core or an App explains."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Apps
from tests.support.builders import added, altering, app, runtime
from tests.support.snapshot_states import (
    found,
    listings,
    old,
    packages,
    state,
    unexplained,
    upgraded,
)

CORE = ("nautobot", "2.4.44", ("lib<2", "opt[more]"))
NEW_CORE = ("nautobot", "3.2.7", ("lib<3", "opt[more]"))


@pytest.mark.parametrize(
    ("page", "version", "explained"),
    [
        pytest.param("plugins:nautobot_example:list", "3.0", True, id="newer release"),
        pytest.param("plugins:nautobot_example:list", "2.0.0", False, id="same release"),
        pytest.param("plugins:nautobot_other:list", "3.0", False, id="page of another App"),
        pytest.param("plugins:nautobot_example_more:list", "3.0", False, id="longer App name"),
    ],
)
def test_explain_missing_page_only_by_newer_release_of_its_app(page, version, explained):
    before = state(
        apps=Apps((app(),), ()), ui_registry=listings("ui_registry", app_pages={page: "x"})
    )
    after = state(apps=Apps((app(version=version),), ()))
    pages = [
        kind for kind, section, _ in found(before, after) if section == "ui_registry.app_pages"
    ]
    assert pages == ["expected" if explained else "unexpected"]


@pytest.mark.parametrize(
    ("before", "after", "unexpected"),
    [
        pytest.param(
            [CORE, ("lib", "1.0", ())],
            [NEW_CORE, ("lib", "2.0", ())],
            [],
            id="newer version was not accepted before",
        ),
        pytest.param(
            [CORE, ("lib", "1.0", ())],
            [NEW_CORE, ("lib", "1.1", ())],
            ["lib"],
            id="both versions are accepted before and after",
        ),
        pytest.param(
            [CORE, ("lib", "1.0", ())], [NEW_CORE, ("lib", "1.0", ())], [], id="same version"
        ),
        pytest.param(
            [CORE, ("lib", "1.0", ())],
            [NEW_CORE, ("lib", "3.1", ())],
            ["lib"],
            id="new version is not accepted",
        ),
        pytest.param([CORE], [NEW_CORE, ("other", "1.0", ())], ["other"], id="added, not required"),
        pytest.param(
            [CORE, ("other", "1.0", ())], [NEW_CORE], ["other"], id="removed, not required"
        ),
        pytest.param(
            [CORE, ("opt", "1.0", ())],
            [NEW_CORE, ("opt", "1.0", ("extra_lib; extra == 'more'",)), ("extra-lib", "1.0", ())],
            [],
            id="required by a required extra",
        ),
        pytest.param(
            [CORE, ("opt", "1.0", ())],
            [NEW_CORE, ("opt", "1.0", ("extra_lib; extra == 'less'",)), ("extra-lib", "1.0", ())],
            ["extra-lib"],
            id="required by another extra",
        ),
        pytest.param(
            [CORE, ("base", "1.0", ()), ("top", "1.0", ())],
            [
                ("nautobot", "3.2.7", ("base>=2",)),
                ("base", "2.0", ()),
                ("top", "2.0", ("base>=2",)),
            ],
            [],
            id="requirements of the new version were not satisfied before",
        ),
        pytest.param(
            [CORE, ("lib", "1.0", ("???",))],
            [NEW_CORE, ("lib", "not a version", ())],
            ["lib"],
            id="invalid metadata",
        ),
    ],
)
def test_explain_package_by_requirements(before, after, unexpected):
    changes = unexplained(old(packages=packages(*before)), upgraded(packages=packages(*after)))
    assert [subject for _, section, subject in changes if section == "packages"] == unexpected


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        pytest.param("/opt/new", [], id="separate environment"),
        pytest.param("/opt/nautobot", ["Python"], id="same environment"),
    ],
)
def test_explain_python_only_by_separate_environment(prefix, expected):
    after = upgraded(runtime=runtime(nautobot="3.2.7", python="3.12.1", prefix=prefix))
    assert [subject for _, _, subject in unexplained(old(), after)] == expected


def test_explain_missing_migration_by_rollback_only():
    newer = upgraded(altering("vpn.0001_initial", added("vpn_vpn")))
    rolled_back = old(migrations=replace(state().migrations, recorded=("dcim.0001_initial",)))
    assert unexplained(newer, rolled_back) == [("unexpected", "installation", "Nautobot")]
    still_on_disk = state(
        "3.2.8", migrations=replace(newer.migrations, recorded=("dcim.0001_initial",))
    )
    assert ("unexpected", "migrations", "vpn.0001_initial") in found(newer, still_on_disk)


@pytest.mark.parametrize("later", ["3.2.1", "2.4.44"])
def test_explain_downgrade_is_unexpected(later):
    before, after = state("3.2.7"), state(later)
    assert found(before, after) == [("unexpected", "installation", "Nautobot")]


def test_explain_package_ignores_invalid_marker():
    invalid = ("nautobot", "3.2.7", ('x; python_version ~= "abc"', "lib<3"))
    before = old(packages=packages(CORE, ("lib", "1.0", ())))
    after = upgraded(packages=packages(invalid, ("lib", "1.5", ())))
    assert ("unexpected", "packages", "lib") in found(before, after)


def test_explain_package_files_name_with_dot_is_one_name():
    before = packages(CORE, ("ruamel.yaml", "0.17", ()))
    after = packages(NEW_CORE, ("ruamel.yaml", "0.18", ()))
    files = [
        listings("files", distributions={"ruamel-yaml": f"digest {number}"}) for number in "12"
    ]
    changes = found(old(packages=before, files=files[0]), upgraded(packages=after, files=files[1]))
    assert ("expected", "files.distributions", "ruamel-yaml") in changes
