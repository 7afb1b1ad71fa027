"""The catalog agrees with the Nautobot that is installed here."""

import importlib.metadata
import pkgutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from nautobot_upgrade_jobs.catalog import Catalog, load_catalog

pytestmark = pytest.mark.live


@pytest.fixture
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def installed() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution("nautobot")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("Nautobot is not installed in this environment")


def test_catalog_python_bounds_match_the_installed_release(
    catalog: Catalog, installed: importlib.metadata.Distribution
) -> None:
    release = catalog.nearest_release(installed.version)
    assert release is not None
    assert SpecifierSet(release.python) == SpecifierSet(installed.metadata["Requires-Python"])


def test_catalog_core_migrations_match_the_installed_release(
    catalog: Catalog, installed: importlib.metadata.Distribution
) -> None:
    expected = catalog.migrations(installed.version)
    if expected is None:
        pytest.skip(f"the catalog does not know Nautobot {installed.version}")
    spec = find_spec("nautobot")
    assert spec is not None and spec.origin is not None
    found = {
        f"{folder.parent.name}.{module.name}"
        for folder in Path(spec.origin).parent.glob("*/migrations")
        for module in pkgutil.iter_modules([str(folder)])
        if module.name[:4].isdigit()
    }
    assert found == expected


def test_catalog_known_reversals_cover_every_data_migration(catalog: Catalog, nautobot) -> None:
    """The catalog has every data migration of core since the oldest supported release."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations import RunPython, RunSQL

    new = catalog.all_core_migrations - (catalog.migrations("2.4.0") or frozenset())
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.values()
    with_code = {
        f"{one.app_label}.{one.name}"
        for one in found
        if any(isinstance(each, (RunPython, RunSQL)) for each in one.operations)
    }
    on_disk = {f"{one.app_label}.{one.name}" for one in found}
    assert {one.migration for one in catalog.known_reversals} & on_disk == with_code & new


def test_catalog_reversal_queries_run_on_the_database(catalog: Catalog, nautobot) -> None:
    from django.db import connection

    from nautobot_upgrade_jobs.collect import migrations as history
    from nautobot_upgrade_jobs.collect.context import Context
    from nautobot_upgrade_jobs.collect.operations.reversal import _count_data_change

    applied = history.collect(Context(connection)).recorded
    known = [one for one in catalog.known_reversals if one.migration in applied]
    assert not [
        found.unknown_reason
        for found in (_count_data_change(connection, one) for one in known)
        if found.unknown_reason
    ]
