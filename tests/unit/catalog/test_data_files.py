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


ADVICE = """[[advice]]
source_below = "{below}"
target_from = "2.0.0"
line = "{line}"
reason = ""
reference = ""
"""
ADVISORY = """[[advisory]]
id = "GHSA-x"
title = "x"
fixed_in = ["{}"]
"""


def own(name, old, new):
    text = (FOLDER / f"{name}.toml").read_text()
    assert old in text
    return text.replace(old, new)


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
        ({"stops": "advice = 3"}, "cannot be used as a catalog"),
        ({"stops": "other = 3"}, "cannot be used as a catalog"),
        ({"stops": b"\xff\xfe"}, "has no catalog"),
        ({"stops": "#" * (MAX_FILE_BYTES + 1)}, "is too large"),
        ({"catalog": 'version = "x"'}, "it has no date"),
        ({"stops": ADVICE.format(below="x", line="2.4")}, "source_below is 'x', no version"),
        ({"stops": ADVICE.format(below="2.0.0", line="7.7")}, "no release line '7.7'"),
        ({"advisories": ADVISORY.format("soon")}, "fixed_in is 'soon', no version"),
        ({"releases": own("releases", '"2.4.44" = 2026', '"nine" = 2026')}, "'nine', no version"),
        ({"releases": own("releases", "2026-10-13", '"soon"')}, "is no date"),
        ({"releases": own("releases", 'python = ">=3.6,<4.0"', 'python = "any"')}, "no range"),
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


@pytest.mark.parametrize("position", range(0, 4000, 400))
def test_damaged_archive_is_named(wheel, tmp_path, position):
    data = bytearray(Path(wheel()).read_bytes())
    for number in range(200):
        data[position + number * 3] ^= 0x55
    (tmp_path / "damaged.whl").write_bytes(data)
    use_catalog_archive(str(tmp_path / "damaged.whl"))
    with pytest.raises(CatalogError, match=r"damaged\.whl"):
        load_catalog()


def test_credentials_in_the_name_of_the_archive_are_masked():
    use_catalog_archive("https://ann:s3cret@nexus.example/x.whl")
    with pytest.raises(CatalogError) as caught:
        load_catalog()
    assert "s3cret" not in str(caught.value)


def test_rows_are_valid_although_the_archive_is_broken(tmp_path):
    use_catalog_archive(str(tmp_path / "gone.whl"))
    add_catalog_rows("acme", {"settings": {"removed": [REMOVED]}})
    use_catalog_archive("")
    assert "ACME_SETTING" in [one.name for one in load_catalog().removed_settings]
    add_catalog_rows("acme", {})


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
        ({"settings": {"removed": [{**REMOVED, "removed_in": "three"}]}}, "acme.* no version"),
        ({"settings": {"removed": [{**REMOVED, "env": [3]}]}}, "'env' must be a list of str"),
        ({"apps": {"conflict": [{"app": "x", "conflicts": [{}]}]}}, "acme"),
        ({"advisories": {"advisory": []}}, "advisories.advisory takes no rows"),
        ({"releases": {"line": []}}, "releases.line takes no rows"),
        ({"migrations": {"set": []}}, "migrations.set takes no rows"),
    ],
)
def test_invalid_rows_are_refused_and_change_nothing(rows, message):
    with pytest.raises(CatalogError, match=message):
        add_catalog_rows("acme", rows)
    assert load_catalog().date == BUILT_IN
    assert Sources().rows == {}
