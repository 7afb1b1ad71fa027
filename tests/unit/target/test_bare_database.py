"""A release is recognized by its migrations, and invalid arguments are named without secrets."""

import pytest

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.target.bare_database import (
    parse_database_url,
    read_apps_file,
    recognise_releases,
)

CATALOG = load_catalog()
LIBRARIES = frozenset({"auth.0001_initial", "nautobot_example.0001_initial"})
RELEASES = [release.version for release in CATALOG.releases]


@pytest.mark.parametrize("release", RELEASES)
def test_recognise_releases_has_each_release_of_the_catalog(release):
    recorded = CATALOG.migrations(release) | LIBRARIES
    found = recognise_releases(recorded, CATALOG)
    assert release in found
    assert {CATALOG.migrations(each) for each in found} == {CATALOG.migrations(release)}


def test_recognise_releases_after_a_stopped_upgrade_is_the_newest_complete_release():
    old, new = CATALOG.migrations("1.6.32"), CATALOG.migrations("2.4.44")
    recorded = old | set(sorted(new - old)[:40])
    assert recognise_releases(recorded, CATALOG) == ("1.6.32",)


def test_recognise_releases_ignores_migrations_of_pre_releases():
    recorded = CATALOG.migrations("2.0.0") | set(CATALOG.pre_release_names)
    assert "2.0.0" in recognise_releases(recorded, CATALOG)


@pytest.mark.parametrize(
    ("release", "stops"),
    [
        ("1.0.3", [("1.6.32", "required")]),
        ("1.1.6", [("1.6.32", "required")]),
        ("1.2.11", [("1.6.32", "recommended")]),
        ("1.3.10", [("1.6.32", "recommended")]),
        ("1.4.10", [("1.6.32", "recommended")]),
        ("1.5.24", [("1.6.32", "recommended")]),
        ("2.3.16", []),
    ],
)
def test_recognised_release_has_the_stops_of_its_line(release, stops):
    newest = recognise_releases(CATALOG.migrations(release), CATALOG)[-1]
    found = CATALOG.upgrade_stops(newest, "2.4.44")
    assert [(stop.release, stop.kind) for stop in found] == stops


@pytest.mark.parametrize("recorded", [set(), LIBRARIES, {"dcim.0001_initial_part_1"}])
def test_recognise_releases_of_another_database_raises(recorded):
    with pytest.raises(UsageError, match="does not contain all migrations of any release"):
        recognise_releases(recorded, CATALOG)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://reader:p%40ss@db.example:5433/nautobot?sslmode=require",
            ("reader", "p@ss", "db.example", "5433", "nautobot", {"sslmode": "require"}),
        ),
        ("postgres://db/nautobot", ("", "", "db", "", "nautobot", {})),
        ("postgresql://u@/nautobot", ("u", "", "", "", "nautobot", {})),
        ("postgresql://u@[::1]:5432/n", ("u", "", "::1", "5432", "n", {})),
    ],
)
def test_parse_database_url_has_all_parts(url, expected):
    entry = parse_database_url(url)
    names = ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")
    assert tuple(entry[name] for name in names) == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://u:secret@host/n", "name the configuration with --config"),
        ("postgresql://u:secret@host/", "expected postgresql://"),
        ("postgresql://u:secret@host:port/n", "invalid host or port"),
        ("postgresql://u:secret@[::1/n", "invalid host or port"),
        ("u:secret@host/n", "expected postgresql://"),
        ("", "expected postgresql://"),
    ],
)
def test_parse_database_url_names_what_is_wrong_without_the_password(url, message):
    with pytest.raises(UsageError, match=message) as caught:
        parse_database_url(url)
    assert "secret" not in str(caught.value)


def test_read_apps_file_has_each_app_once(tmp_path):
    path = tmp_path / "apps.txt"
    path.write_text("# Apps\nnautobot==1.6.32\nNautobot-Golden_Config == 1.6.2  # pinned\n\n")
    (app,) = read_apps_file(path)
    assert (app.module, app.version) == ("nautobot_golden_config", "1.6.2")


@pytest.mark.parametrize(
    "line", ["a", "a>=1", "a==1.*", "a==1,<2", "-r more.txt", "a @ file:///a.whl", "???"]
)
def test_read_apps_file_names_the_line_that_is_no_pin(tmp_path, line):
    path = tmp_path / "apps.txt"
    path.write_text(f"b==1\n{line}\n")
    with pytest.raises(UsageError, match=r"--apps: line 2 of .* is not NAME==VERSION"):
        list(read_apps_file(path))


def test_read_apps_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: FileNotFoundError"):
        list(read_apps_file(tmp_path / "no.txt"))
