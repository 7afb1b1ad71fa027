"""A release is recognized by its migrations, and invalid arguments are named without secrets."""

import pytest

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.target.bare_database import (
    build_app,
    choose_release,
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
        ("postgresql://h/n?sslcert=&a=b+c", ("", "", "h", "", "n", {"sslcert": "", "a": "b+c"})),
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
        ("postgresql://u:secret%00@host/n", "has a zero byte"),
        ("postgresql://u@host/n?password=secret%00", "has a zero byte"),
        ("postgresql://host:1/secret@h/n", "expected postgresql://"),
        ("postgresql://u:secret@host:0/n", "expected postgresql://"),
        ("postgresql://u:secret@[::1/n", "invalid host or port"),
        ("u:secret@host/n", "expected postgresql://"),
        ("", "expected postgresql://"),
    ],
)
def test_parse_database_url_names_what_is_wrong_without_the_password(url, message):
    with pytest.raises(UsageError, match=message) as caught:
        parse_database_url(url)
    assert "secret" not in str(caught.value)


def test_read_apps_file_has_version_and_module(tmp_path):
    path = tmp_path / "apps.txt"
    golden = "Nautobot-Golden_Config == 1.6.2  # pinned"
    path.write_text(f"\ufeff# Apps\nnautobot==1.6.32\n{golden}\n\nx==1 own.module\n")
    assert read_apps_file(path) == {
        "nautobot-golden-config": ("1.6.2", ""),
        "x": ("1", "own.module"),
    }


@pytest.mark.parametrize(
    "line",
    [
        *("a", "a>=1", "a==1.*", "a==1,<2", "-r more.txt", "a @ file:///a.whl", "???"),
        *("a[all]==1", 'a==1; python_version<"3"', "a==1 b c", "a==1 x-y", "b==2"),
    ],
)
def test_read_apps_file_names_the_line_that_is_no_pin(tmp_path, line):
    path = tmp_path / "apps.txt"
    path.write_text(f"b==1\n{line}\n")
    with pytest.raises(
        UsageError, match=r"--apps: line 2 of .* (is not NAME==VERSION|names b again)"
    ):
        read_apps_file(path)


def test_read_apps_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: FileNotFoundError"):
        read_apps_file(tmp_path / "no.txt")


@pytest.mark.parametrize(
    ("distribution", "module", "labels", "expected"),
    [
        ("nautobot-golden-config", "", {"nautobot_golden_config"}, "nautobot_golden_config"),
        ("nautobot-welcome-wizard", "", {"welcome_wizard"}, "welcome_wizard"),
        ("nautobot-welcome-wizard", "", set(), "nautobot_welcome_wizard"),
        ("nautobot-welcome-wizard", "own.app", {"welcome_wizard"}, "own.app"),
        ("nautobot-app-vendor", "", {"vendor"}, "vendor"),
    ],
)
def test_build_app_has_the_module_that_the_database_records(distribution, module, labels, expected):
    assert build_app(distribution, "1.0", module, labels).module == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("3.2.7", "2.4.44", id="newer than all"),
        pytest.param("2.4.44", "2.4.43", id="the newest"),
        pytest.param("2.4.30", "2.4.29", id="between"),
        pytest.param("2.4.22", "2.4.22", id="the oldest"),
        pytest.param("", "2.4.44", id="none"),
        pytest.param("x", "2.4.44", id="invalid"),
    ],
)
def test_choose_release_is_the_newest_before_the_target(target, expected):
    releases = recognise_releases(CATALOG.migrations("2.4.44"), CATALOG)
    assert choose_release(releases, target) == expected
