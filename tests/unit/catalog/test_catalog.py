from datetime import date

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from nautobot_upgrade_jobs.catalog import Catalog
from nautobot_upgrade_jobs.catalog.versions import includes_change


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("1.0.0", "known"),
        ("2.4.44", "known"),
        ("3.2.7", "known"),
        ("v3.2.7", "known"),
        ("3.2.7.0", "known"),
        ("2.4.44+site.1", "known"),
        ("3.2.8", "newer"),
        ("2.4.45", "newer"),
        ("1.6.33", "newer"),
        ("3.3.0", "newer"),
        ("4.0", "newer"),
        ("3.3.0a1", "newer"),
        ("3.2.8rc1", "newer"),
        ("1.4.6", "nonexistent"),
        ("2.4.0.5", "nonexistent"),
        ("2.9.1", "nonexistent"),
        ("1.7.0", "nonexistent"),
        ("0.9.9", "nonexistent"),
        ("3.2.7.post1", "newer"),
        ("3.2.6.post1", "nonexistent"),
        ("3.2.0b1", "prerelease"),
        ("2.4.44.dev0", "prerelease"),
        ("1.0.0a1", "prerelease"),
    ],
)
def test_status(catalog: Catalog, version: str, status: str) -> None:
    assert catalog.status(version) == status
    assert (catalog.release(version) is not None) == (status == "known")
    assert (catalog.migrations(version) is not None) == (status == "known")


@pytest.mark.parametrize("text", ["", "latest", "3.2.x", "3..2", "three"])
def test_text_that_is_no_version_is_an_error_everywhere(catalog: Catalog, text: str) -> None:
    for question in (catalog.status, catalog.release, catalog.line, catalog.migrations):
        with pytest.raises(InvalidVersion):
            question(text)


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("3.2.7", "3.2"),
        ("3.2.9", "3.2"),
        ("3.2.0b1", "3.2"),
        ("2.4.0.5", "2.4"),
        ("1.4.6", "1.4"),
        ("3.3.0", None),
        ("2.9.1", None),
        ("0.1", None),
    ],
)
def test_the_line_a_version_would_belong_to(
    catalog: Catalog, version: str, line: str | None
) -> None:
    found = catalog.line(version)
    assert (found.name if found else None) == line


def test_newest(catalog: Catalog) -> None:
    assert catalog.newest().version == "3.2.7"
    assert catalog.newest("2.4").version == "2.4.44"
    assert catalog.newest("1.6").version == "1.6.32"
    with pytest.raises(KeyError):
        catalog.newest("2.9")


def test_what_it_knows_up_to(catalog: Catalog) -> None:
    assert catalog.latest_known == ("2.4.44", "3.2.7")
    assert all(version in catalog.coverage for version in ("1.0.0", "2.4.44", "3.2.7", "220"))


@pytest.mark.parametrize(
    ("version", "python", "postgresql", "mysql", "django"),
    [
        ("1.0.3", ">=3.6,<4.0", "9.6", None, "3.1"),
        ("1.1.0", ">=3.6,<4.0", "9.6", "8.0", "3.1"),
        ("1.1.4", ">=3.6,<4.0", "9.6", "8.0", "3.1"),
        ("1.1.5", ">=3.6.2,<4.0.0", "9.6", "8.0", "3.1"),
        ("1.2.0", ">=3.6,<4.0", "9.6", "8.0", "3.1"),
        ("1.3.0", ">=3.7,<4.0", "9.6", "8.0", "3.2"),
        ("1.6.32", ">=3.8,<3.12", "9.6", "8.0", "3.2"),
        ("2.0.6", ">=3.8,<3.12", "9.6", "8.0", "3.2"),
        ("2.1.0", ">=3.8,<3.12", "12", "8.0", "3.2"),
        ("2.2.9", ">=3.8,<3.12", "12", "8.0", "3.2"),
        ("2.3.0", ">=3.8,<3.13", "12", "8.0", "4.2"),
        ("2.4.5", ">=3.9,<3.13", "12", "8.0", "4.2"),
        ("2.4.6", ">=3.9.2,<3.13", "12", "8.0", "4.2"),
        ("2.4.19", ">=3.9.2,<3.13", "12", "8.0", "4.2"),
        ("2.4.20", ">=3.10,<3.13", "12", "8.0", "4.2"),
        ("3.0.11", ">=3.10,<3.14", "12", "8.0", "4.2"),
        ("3.1.0", ">=3.10,<3.15", "14", "8.0.11", "5.2"),
        ("3.2.7", ">=3.10,<3.15", "14", "8.0.11", "5.2"),
    ],
)
def test_requirements_change_where_they_changed(
    catalog: Catalog, version: str, python: str, postgresql: str, mysql: str | None, django: str
) -> None:
    release = catalog.nearest_release(version)
    assert release is not None
    assert release == catalog.release(version)
    assert (release.python, release.postgresql) == (python, postgresql)
    assert (release.mysql, release.django) == (mysql, django)


@pytest.mark.parametrize(
    ("version", "like"),
    [("3.2.9", "3.2.7"), ("2.4.99", "2.4.44"), ("3.3.0", None), ("1.4.6", None), ("3.2.0b1", None)],
)
def test_requirements_of_what_is_not_known(
    catalog: Catalog, version: str, like: str | None
) -> None:
    release = catalog.nearest_release(version)
    assert (release.version if release else None) == like


def test_long_term_lines(catalog: Catalog) -> None:
    assert {line.name for line in catalog.lines if line.ltm} == {"1.6", "2.4"}
    assert {line.name for line in catalog.lines if line.maintained} == {"2.4", "3.2"}


def test_dates_and_sections_of_the_release_notes(catalog: Catalog) -> None:
    same_day = catalog.release("2.4.44")
    announced_a_day_earlier = catalog.release("3.2.5")
    assert same_day is not None and announced_a_day_earlier is not None
    assert same_day.date == date(2026, 10, 13)
    assert same_day.reference.endswith("/version-2.4/#v2444-2026-10-13")
    assert announced_a_day_earlier.date == date(2026, 9, 15)
    assert announced_a_day_earlier.reference.endswith("/version-3.2/#v325-2026-09-14")


def test_every_python_it_was_tested_with_may_be_installed(catalog: Catalog) -> None:
    for release in catalog.releases:
        allowed = SpecifierSet(release.python)
        assert all(f"{python}.99" in allowed for python in release.python_tested), release.version
        assert release.python_tested, release.version


@pytest.mark.parametrize(
    ("version", "marks", "expected"),
    [
        ("2.4.24", ["2.4.24", "3.0.3"], True),
        ("2.4.23", ["2.4.24", "3.0.3"], False),
        ("3.0.2", ["2.4.24", "3.0.3"], False),
        ("3.0.3", ["2.4.24", "3.0.3"], True),
        ("3.1.0", ["2.4.24", "3.0.3"], True),
        ("2.3.16", ["2.4.24", "3.0.3"], False),
        ("3.0.11", ["2.4.33", "3.1.2"], False),
        ("3.1.1", ["2.4.33", "3.1.2"], False),
        ("3.1.2", ["2.4.33", "3.1.2"], True),
        ("3.0.0", ["2.4.20"], True),
        ("3.0.0", [], False),
    ],
)
def test_a_backported_change_is_reached_per_line(
    version: str, marks: list[str], expected: bool
) -> None:
    assert includes_change(version, marks) is expected
