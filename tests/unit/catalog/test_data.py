"""The data files: every row is complete, typed, ordered and traceable."""

import re
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import nautobot_upgrade_jobs.catalog as package
from nautobot_upgrade_jobs.catalog import Catalog

FOLDER = Path(package.__file__).parent


def records(value: Any) -> Iterator[Any]:
    """All dataclass instances inside the catalog, however deep."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from records(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from records(item)


def fits(value: Any, kind: Any) -> bool:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return value in arguments
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(item, arguments[0]) for item in value)
    return origin is not None or type(value) is kind


def test_every_field_has_the_type_it_promises(catalog: Catalog) -> None:
    count = 0
    for record in records(catalog):
        hints = get_type_hints(type(record), localns={"date": date})
        for field in fields(record):
            value = getattr(record, field.name)
            assert fits(value, hints[field.name]), f"{record}: {field.name} is {value!r}"
            count += 1
    assert count > 3000


def test_every_reference_is_a_page(catalog: Catalog) -> None:
    references = [each.reference for each in records(catalog) if hasattr(each, "reference")]
    assert len(references) > 250
    assert all(url.startswith("https://") and " " not in url for url in references)


def test_no_text_is_empty_or_broken(catalog: Catalog) -> None:
    for record in records(catalog):
        for name in ("reason", "remedy", "why_not", "note"):
            text = getattr(record, name, "x")
            assert "  " not in text and "\n" not in text, record
            assert text or name == "note", record


def test_lines_and_releases_are_in_order(catalog: Catalog) -> None:
    names = [Version(line.name) for line in catalog.lines]
    assert names == sorted(names)
    for line in catalog.lines:
        versions = [Version(release.version) for release in line.releases]
        assert versions == sorted(set(versions)), line.name
        dates = [release.date for release in line.releases]
        assert dates == sorted(dates), line.name
        assert {release.line for release in line.releases} == {line.name}
        assert {f"{v.major}.{v.minor}" for v in versions} == {line.name}
    assert len(catalog.releases) == 220


def test_the_catalog_is_not_older_than_its_releases(catalog: Catalog) -> None:
    assert max(release.date for release in catalog.releases) <= catalog.date
    assert catalog.version == f"{catalog.date:%Y.%m.%d}"


def test_requirements_never_drop_within_the_catalog(catalog: Catalog) -> None:
    for field in ("postgresql", "redis", "django"):
        values = [Version(getattr(release, field)) for release in catalog.releases]
        assert values == sorted(values), field
    supported = [release.mysql is not None for release in catalog.releases]
    assert supported == sorted(supported)
    assert all(SpecifierSet(release.python) for release in catalog.releases)


@pytest.mark.parametrize(
    "path", sorted(set(FOLDER.glob("*.toml")) - {FOLDER / "catalog.toml"}), ids=lambda it: it.name
)
def test_every_data_file_says_where_it_comes_from_and_how_to_extend_it(path: Path) -> None:
    comments = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")
    ]
    opening = " ".join(comments)
    assert "Source" in opening and re.search(r"To #? ?extend", opening)


def test_every_version_named_is_a_published_release(catalog: Catalog) -> None:
    named = [mark for each in catalog.commands for mark in (*each.since, *each.removed_in)]
    named += [each.removed_in for each in catalog.removed_settings]
    named += [mark for each in catalog.removed_settings for mark in each.supported_since]
    named += [each.since for each in catalog.merged_apps]
    named += [mark for each in catalog.advice for mark in (each.source_below, each.target_from)]
    assert {version for version in named if catalog.status(version) != "known"} == set()
    assert all(catalog.newest(each.line) for each in catalog.advice)


def test_nothing_is_listed_twice(catalog: Catalog) -> None:
    for keys in (
        [each.name for each in catalog.commands],
        [(each.name, each.key) for each in catalog.removed_settings],
        [variable for each in catalog.removed_settings for variable in each.env],
        [each.module for each in catalog.merged_apps],
        [old.module for each in catalog.app_conflicts for old in each.conflicts],
        [(each.table, each.columns) for each in catalog.index_renames],
        [each.new_name for each in catalog.index_renames],
        list(catalog.cable_terminations.values()),
    ):
        assert len(keys) == len(set(keys))
