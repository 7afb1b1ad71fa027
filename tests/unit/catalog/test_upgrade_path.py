"""Stops between a source and a target."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.catalog import Catalog


def stops(catalog: Catalog, source: str, target: str) -> list[tuple[str, str]]:
    return [(stop.release, stop.kind) for stop in catalog.upgrade_stops(source, target)]


ADVISED_16 = ("1.6.32", "recommended")


ADVISED_24 = ("2.4.44", "recommended")


def without_advice(catalog: Catalog) -> Catalog:
    return replace(catalog, advice=())


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("1.2.11", "3.2.7", [ADVISED_16, ADVISED_24]),
        ("1.6.31", "3.2.7", [ADVISED_16, ADVISED_24]),
        ("1.6.32", "3.2.7", [ADVISED_24]),
        ("1.5.24", "2.4.44", [ADVISED_16]),
        ("2.1.4", "3.2.7", [ADVISED_24]),
        ("2.4.14", "3.2.7", [ADVISED_24]),
        ("2.1.4", "3.2.9", [ADVISED_24]),
        ("2.1.4", "3.3.0", [ADVISED_24]),
        ("1.0.3", "3.2.7", [("1.6.32", "required"), ADVISED_24]),
        ("1.1.6", "2.4.44", [("1.6.32", "required")]),
    ],
)
def test_upgrade_stops_are_as_documented(
    catalog: Catalog, source: str, target: str, expected: list[tuple[str, str]]
) -> None:
    assert stops(catalog, source, target) == expected


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("2.4.44", "3.2.7"),
        ("2.4.15", "3.2.7"),
        ("2.0.0", "2.4.44"),
        ("1.0.0", "1.6.32"),
        ("3.0.11", "3.2.7"),
        ("3.2.7", "3.2.7"),
        ("3.2.7", "2.4.44"),
        ("3.2.7", "1.0.0"),
        ("1.6.32", "2.0.0"),
    ],
)
def test_upgrade_stops_direct_upgrade_has_none(catalog: Catalog, source: str, target: str) -> None:
    assert stops(catalog, source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "release"),
    [("2.1.4", "3.1.8", "2.4.37"), ("2.1.4", "3.0.0", "2.4.22"), ("1.4.0", "2.0.0", "1.6.2")],
)
def test_upgrade_stops_are_never_newer_than_the_target(
    catalog: Catalog, source: str, target: str, release: str
) -> None:
    assert stops(catalog, source, target) == [(release, "recommended")]


def test_required_stop_names_shared_python_versions(catalog: Catalog) -> None:
    reason = catalog.upgrade_stops("1.0.3", "3.2.7")[0].reason
    assert "no Python version in common" in reason
    assert "Python 3.8 and 3.9" in reason and "Python 3.10 and 3.11" in reason
    assert "pre_migrate" in reason


def test_required_stops_without_advice_take_newest_shared_python(catalog: Catalog) -> None:
    """3.6 ── 3.9 (1.0)   3.8 ── 3.12 (2.3)   3.10 ── 3.14 (3.2)."""
    assert stops(without_advice(catalog), "1.0.3", "3.2.7") == [("2.4.19", "required")]


def test_required_stops_shared_python_needs_none(catalog: Catalog) -> None:
    assert stops(without_advice(catalog), "1.2.11", "3.2.7") == []


def test_required_stops_unknown_end_needs_none(catalog: Catalog) -> None:
    assert stops(without_advice(catalog), "1.0.3", "3.3.0") == []
