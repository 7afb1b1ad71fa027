"""Data files of an archive, and rows of other packages."""

import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.catalog import CatalogError, add_catalog_rows, load_catalog
from nautobot_upgrade_jobs.catalog.data_files import MAX_FILE_BYTES, NAMES, VARIABLE, Sources
from nautobot_upgrade_jobs.catalog.loader import use_catalog_archive

FOLDER = Path(load_catalog.__wrapped__.__code__.co_filename).parent
PREFIX = "nautobot_upgrade_jobs/catalog/"
BUILT_IN = load_catalog().date
REMOVED = {
    "name": "ACME_SETTING",
    "removed_in": "3.0.0",
    "effect": "ignored",
    "replacement": "",
    "reference": "https://example.com/",
}


@pytest.fixture(autouse=True)
def _restored():
    yield
    use_catalog_archive("")
    load_catalog.cache_clear()


@pytest.fixture
def wheel(tmp_path):
    """Return a function that writes an archive like a wheel, with other content in some files."""

    def write(days=1, without=(), **content):
        file = tmp_path / "newer.whl"
        edition = f'version = "newer"\ndate = {BUILT_IN + timedelta(days)}'
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("nautobot_upgrade_jobs/__init__.py", "")
            for name in set(NAMES) - set(without):
                own = (FOLDER / f"{name}.toml").read_text()
                text = edition if name == "catalog" else own
                archive.writestr(f"{PREFIX}{name}.toml", content.get(name, text))
        return str(file)

    return write


def test_newer_archive_replaces_the_catalog(wheel):
    use_catalog_archive(wheel())
    assert load_catalog().version == "newer"
    use_catalog_archive("")
    assert load_catalog().date == BUILT_IN


@pytest.mark.parametrize("days", [0, -1])
def test_archive_that_is_not_newer_changes_nothing(wheel, days):
    use_catalog_archive(wheel(days))
    assert (load_catalog().version, load_catalog().date) != ("newer", BUILT_IN)
    assert load_catalog().date == BUILT_IN


def test_environment_names_an_archive(wheel, monkeypatch):
    monkeypatch.setenv(VARIABLE, wheel())
    use_catalog_archive("")
    assert load_catalog().version == "newer"
    monkeypatch.delenv(VARIABLE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"without": ["stops"]}, "has no catalog"),
        ({"stops": "advice = ["}, "stops.toml: "),
        ({"stops": "advice = 3"}, "is not a catalog for this release"),
        ({"stops": "other = 3"}, "is not a catalog for this release"),
        ({"stops": b"\xff\xfe"}, "has no catalog"),
        ({"stops": "#" * (MAX_FILE_BYTES + 1)}, "is too large"),
        ({"catalog": 'version = "x"'}, "it has no date"),
    ],
)
def test_broken_archive_is_named(wheel, changes, message):
    use_catalog_archive(wheel(**changes))
    with pytest.raises(CatalogError, match=message):
        load_catalog()


def test_file_that_is_no_archive_or_does_not_exist_is_named(tmp_path):
    (tmp_path / "x.whl").write_text("no archive")
    for name, message in (("x.whl", "has no catalog"), ("gone.whl", "cannot be read: No such")):
        use_catalog_archive(str(tmp_path / name))
        with pytest.raises(CatalogError, match=f"{name} {message}"):
            load_catalog()


def test_rows_of_a_package_are_added():
    add_catalog_rows("acme", {"settings": {"removed": [REMOVED]}})
    assert "ACME_SETTING" in [one.name for one in load_catalog().removed_settings]
    add_catalog_rows("acme", {})
    assert "ACME_SETTING" not in [one.name for one in load_catalog().removed_settings]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "must be a dict of dicts"),
        ({"settings": []}, "must be a dict of dicts"),
        ({"settings": {"removed": {}}}, "settings.removed must be a list of dicts"),
        ({"settings": {"removed": ["x"]}}, "settings.removed must be a list of dicts"),
        ({"settings": {"removed": [{**REMOVED, "removed_in": 3}]}}, "'removed_in' must be a str"),
        ({"settings": {"removed": [{**REMOVED, "color": "red"}]}}, "color"),
        ({"settings": {"removed": [{"name": "X"}]}}, "missing"),
        ({"releases": {"line": []}}, "releases.line takes no rows"),
        ({"migrations": {"set": []}}, "migrations.set takes no rows"),
    ],
)
def test_invalid_rows_are_refused_and_change_nothing(rows, message):
    with pytest.raises(CatalogError, match=message):
        add_catalog_rows("acme", rows)
    assert load_catalog().date == BUILT_IN
    assert Sources().rows == {}
