"""Reading the data files."""

import importlib
from collections.abc import Callable
from types import ModuleType

import pytest

from nautobot_upgrade_jobs.catalog import CatalogError, CatalogUnavailable, data_files, load_catalog
from nautobot_upgrade_jobs.catalog.data_files import Sources


def import_without(*missing: str) -> Callable[[str], ModuleType]:
    def import_module(name: str) -> ModuleType:
        if name in missing:
            raise ModuleNotFoundError(name)
        return importlib.import_module(name)

    return import_module


def changed(monkeypatch: pytest.MonkeyPatch, file: str, **content: object) -> None:
    read = Sources().read()
    monkeypatch.setattr(Sources, "read", lambda _: {**read, file: {**read[file], **content}})


def test_load_catalog_twice_returns_same_object() -> None:
    assert load_catalog() is load_catalog()


def test_load_catalog_without_toml_reader_names_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data_files, "import_module", import_without("tomllib", "tomli"))
    with pytest.raises(CatalogUnavailable, match="pip install tomli"):
        load_catalog.__wrapped__()


def test_load_catalog_uses_tomli_without_tomllib(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tomli")
    monkeypatch.setattr(data_files, "import_module", import_without("tomllib"))
    assert load_catalog.__wrapped__().version == load_catalog().version


@pytest.mark.parametrize(
    "row",
    [
        {"name": "migrate"},
        {"name": "migrate", "since": ["1.0.0"], "writes": True, "note": "", "sicne": "1.0.0"},
    ],
)
def test_build_record_invalid_row_is_named(
    monkeypatch: pytest.MonkeyPatch, row: dict[str, object]
) -> None:
    changed(monkeypatch, "commands", command=[row])
    with pytest.raises(CatalogError, match=r"commands\.toml: .*'name': 'migrate'"):
        load_catalog.__wrapped__()


def test_build_migration_sets_unknown_base_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"releases": ["1.0.0"], "base": "0.9", "added": ["dcim.0001_initial"]}]
    changed(monkeypatch, "migrations", set=rows)
    with pytest.raises(CatalogError, match=r"migrations\.toml: base '0\.9'"):
        load_catalog.__wrapped__()
