"""Requirements of installed distributions, and version changes that they explain."""

import pytest

from nautobot_upgrade_jobs.upgrade.package_requirements import (
    PackageRequirements,
    explain_version_change,
)
from tests.support.snapshot_states import packages


def requirements(*installed, python="3.12.4"):
    return PackageRequirements(packages(*installed), python)


@pytest.mark.parametrize(
    ("line", "python", "expected"),
    [
        pytest.param("lib", "3.12.4", True, id="no marker"),
        pytest.param("lib; python_version < '3.13'", "3.12.4", True, id="marker applies"),
        pytest.param("lib; python_version < '3.12'", "3.12.4", False, id="marker does not apply"),
        pytest.param("lib; extra == 'more'", "3.12.4", False, id="extra is not required"),
        pytest.param("other", "3.12.4", False, id="another distribution"),
        pytest.param("???", "3.12.4", False, id="invalid requirement"),
    ],
)
def test_is_required_by_applicable_requirements_only(line, python, expected):
    assert requirements(("top", "1", (line,)), python=python).is_required("lib") is expected


def test_is_required_includes_extras_of_required_extras():
    nested = requirements(
        ("top", "1", ("a[x]",)),
        ("a", "1", ("b[y]; extra == 'x'",)),
        ("b", "1", ("lib; extra == 'y'",)),
    )
    assert nested.is_required("lib")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("1.5", True, id="accepted by all"),
        pytest.param("2.0", False, id="refused by one"),
        pytest.param("not a version", False, id="invalid version"),
    ],
)
def test_allows_needs_all_requirements(version, expected):
    both = requirements(("a", "1", ("lib<3",)), ("b", "1", ("lib<2",)))
    assert both.allows("lib", version) is expected


OLD = requirements(("core", "1", ("lib<2",)), ("lib", "1.0", ()))


@pytest.mark.parametrize(
    ("old", "new", "after", "is_explained"),
    [
        pytest.param(
            "1.0", "2.0", requirements(("core", "2", ("lib>=2",))), True, id="old version refused"
        ),
        pytest.param(
            "1.0", "2.0", requirements(("core", "2", ("lib<3",))), True, id="new version possible"
        ),
        pytest.param(
            "1.0", "1.1", requirements(("core", "2", ("lib<3",))), False, id="both were possible"
        ),
        pytest.param(
            "1.0", "4.0", requirements(("core", "2", ("lib<3",))), False, id="new version refused"
        ),
        pytest.param(None, "1.0", requirements(("core", "2", ())), False, id="added, not required"),
        pytest.param("1.0", None, requirements(("core", "2", ())), True, id="no longer required"),
    ],
)
def test_explain_version_change_by_requirements(old, new, after, is_explained):
    assert bool(explain_version_change("lib", old, new, OLD, after)) is is_explained
