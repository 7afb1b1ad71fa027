"""The contents of the data files."""

import json
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import nautobot_upgrade_jobs.catalog as package
from nautobot_upgrade_jobs.catalog import Catalog, load_catalog
from nautobot_upgrade_jobs.snapshot.compare import sections

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


ASK_THE_INDEX = """
import json
from pip._internal.commands import create_command

command = create_command("download")
options, _ = command.parse_args(["--retries", "0", "--timeout", "30", "-qqq", "nautobot"])
with command._build_session(options) as session:
    finder = command._build_package_finder(options, session, ignore_requires_python=True)
    found = finder.find_all_candidates("nautobot")
print(json.dumps({str(each.version): each.link.requires_python for each in found}))
"""


def interpreter_with_pip() -> list[str]:
    for python in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        if subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0:
            return [python]
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("there is neither pip nor uv to ask the package index with")
    return [uv, "run", "--quiet", "--no-project", "--isolated", "--with", "pip", "python"]


@pytest.fixture(scope="module")
def published() -> dict[str, str]:
    """Requires-Python of every published release."""
    command = [*interpreter_with_pip(), "-c", ASK_THE_INDEX]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=180)
    releases = json.loads(answer.stdout) if answer.returncode == 0 else {}
    if not releases:
        pytest.skip(f"the package index cannot be reached: {answer.stderr.strip()[-300:]}")
    return releases


CHANGES = load_catalog().expected_changes


def test_records_fields_have_declared_types(catalog: Catalog) -> None:
    count = 0
    for record in records(catalog):
        hints = get_type_hints(type(record), localns={"date": date})
        for field in fields(record):
            value = getattr(record, field.name)
            assert fits(value, hints[field.name]), f"{record}: {field.name} is {value!r}"
            count += 1
    assert count > 3000


def test_records_references_are_https_urls(catalog: Catalog) -> None:
    references = [each.reference for each in records(catalog) if hasattr(each, "reference")]
    assert len(references) > 250
    assert all(url.startswith("https://") and " " not in url for url in references)


def test_records_texts_are_not_empty_or_broken(catalog: Catalog) -> None:
    for record in records(catalog):
        for name in ("reason", "remediation", "override_warning", "description", "note"):
            text = getattr(record, name, "x")
            assert "  " not in text and "\n" not in text, record
            assert text or name == "note", record


def test_lines_and_releases_are_sorted(catalog: Catalog) -> None:
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


def test_catalog_date_is_not_before_its_releases(catalog: Catalog) -> None:
    assert max(release.date for release in catalog.releases) <= catalog.date
    assert catalog.version == f"{catalog.date:%Y.%m.%d}"


def test_release_requirements_never_decrease(catalog: Catalog) -> None:
    for field in ("postgresql", "redis", "django"):
        values = [Version(getattr(release, field)) for release in catalog.releases]
        assert values == sorted(values), field
    supported = [release.mysql is not None for release in catalog.releases]
    assert supported == sorted(supported)
    assert all(SpecifierSet(release.python) for release in catalog.releases)


@pytest.mark.parametrize(
    "path", sorted(set(FOLDER.glob("*.toml")) - {FOLDER / "catalog.toml"}), ids=lambda it: it.name
)
def test_data_files_state_source_and_how_to_extend(path: Path) -> None:
    comments = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")
    ]
    opening = " ".join(comments)
    assert "Source" in opening and re.search(r"To #? ?extend", opening)


def test_records_name_only_published_releases(catalog: Catalog) -> None:
    named = [mark for each in catalog.commands for mark in (*each.since, *each.removed_in)]
    named += [each.removed_in for each in catalog.removed_settings]
    named += [mark for each in catalog.removed_settings for mark in each.supported_since]
    named += [each.since for each in catalog.merged_apps]
    named += [mark for each in catalog.advice for mark in (each.source_below, each.target_from)]
    assert {version for version in named if catalog.status(version) != "known"} == set()
    assert all(catalog.newest(each.line) for each in catalog.advice)


def test_records_have_no_duplicates(catalog: Catalog) -> None:
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


@pytest.mark.parametrize("line", [line.name for line in load_catalog().lines])
def test_release_python_specifiers_match_the_index(
    catalog: Catalog, published: dict[str, str], line: str
) -> None:
    for release in catalog.lines[[each.name for each in catalog.lines].index(line)].releases:
        assert SpecifierSet(release.python) == SpecifierSet(published[release.version])


def test_releases_match_the_index(catalog: Catalog, published: dict[str, str]) -> None:
    final = [version for version in published if not Version(version).is_prerelease]
    assert {version for version in final if catalog.status(version) == "nonexistent"} == set()


@pytest.mark.parametrize("one", CHANGES, ids=lambda one: f"{one.section} {one.subjects[0]}")
def test_expected_changes_name_existing_sections_and_migrations(one):
    assert any(fnmatchcase(section, one.section) for section in sections())
    assert set(one.change_kinds) <= {"added", "gone", "changed"}
    assert one.reason.endswith(".")
    assert one.reference.startswith("https://docs.")
    assert not (one.migration and one.since)
    if one.migration:
        assert one.migration in load_catalog().all_core_migrations
    if one.since:
        assert load_catalog().release(one.since)
    assert bool(one.moved_columns) is bool(one.replaced_by)


@pytest.mark.parametrize("one", CHANGES, ids=lambda one: f"{one.section} {one.subjects[0]}")
def test_expected_losses_name_a_migration(one):
    """Without one, a release that was installed and not migrated would explain losses."""
    if one.section == "fingerprints" and "gone" in one.change_kinds:
        assert one.migration


@pytest.mark.parametrize("one", load_catalog().volatile_data, ids=lambda one: one.subjects[0])
def test_volatile_data_has_reasons(one):
    assert any(fnmatchcase(section, one.section) for section in sections())
    assert len(one.reason) > 10
    assert "*" not in one.subjects  # nothing is left out as a whole


def test_durations_are_those_of_known_migrations():
    catalog = load_catalog()
    durations = catalog.durations
    core = {key for key in durations.seconds if key in catalog.all_core_migrations}
    assert len(core) > 50
    assert {each.migration for each in durations.rows} <= set(durations.seconds)
    assert all(seconds >= 0 for seconds in durations.seconds.values())
    newest = catalog.newest().version
    pending = catalog.migrations(newest) - catalog.migrations("2.4.44")
    assert pending <= set(durations.seconds), "run make durations for the new release"
