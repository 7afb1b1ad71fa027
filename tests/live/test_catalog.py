"""The catalog agrees with the Nautobot that is installed here."""

import importlib.metadata
import pkgutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from nautobot_upgrade_jobs.catalog import Catalog, load

pytestmark = pytest.mark.live


@pytest.fixture
def catalog() -> Catalog:
    return load()


@pytest.fixture
def installed() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution("nautobot")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("Nautobot is not installed in this environment")


def test_python_bounds(catalog: Catalog, installed: importlib.metadata.Distribution) -> None:
    release = catalog.requirements(installed.version)
    assert release is not None
    assert SpecifierSet(release.python) == SpecifierSet(installed.metadata["Requires-Python"])


def test_core_migrations(catalog: Catalog, installed: importlib.metadata.Distribution) -> None:
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
