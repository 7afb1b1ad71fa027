"""Checks of other packages: found by their entry point, and never able to end a run."""

import sys

import pytest

from nautobot_upgrade_jobs.catalog import add_catalog_rows, load_catalog
from nautobot_upgrade_jobs.checks import registry, site_modules
from nautobot_upgrade_jobs.checks.findings import Status
from nautobot_upgrade_jobs.checks.registry import all_checks, own_checks
from nautobot_upgrade_jobs.checks.runner import run_checks
from nautobot_upgrade_jobs.facts import Facts, Unavailable
from tests.support.builders import CATALOG, target

HEAD = """
from dataclasses import dataclass
from nautobot_upgrade_jobs.checks.build import blocker
from nautobot_upgrade_jobs.checks.findings import Impact, Phase
from nautobot_upgrade_jobs.checks.registry import check

@dataclass(frozen=True)
class Own:
    number: int

def collect(context) -> Own:
    return Own(1)

COLLECTORS = (collect,)
"""
RULE = """
@check(phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def rule(own: Own):
    \"\"\"A requirement.

    Why: a reason.
    Fix: a remedy.
    \"\"\"
    if own.number:
        yield blocker("subject", f"{own.number} is not 0.", fix="Make it 0.")
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that installs a package with an entry point."""
    caches = (registry.all_checks, site_modules.load_site_modules)
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(text, name="acme", module="acme_checks"):
        (tmp_path / f"{module}.py").write_text(text)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        group = f"[{site_modules.ENTRY_POINT_GROUP}]\n{name} = {module}\n"
        (info / "entry_points.txt").write_text(group)
        for cached in caches:
            cached.cache_clear()
        return [one for one in all_checks() if one not in own_checks()]

    yield install
    for name in [name for name in sys.modules if name.endswith("_checks") and "." not in name]:
        del sys.modules[name]
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()
    add_catalog_rows("acme", {})


def run(checks, **site):
    return run_checks(Facts(), target(), CATALOG, (), checks, site={**site.get("facts", {})})


def test_check_of_a_package_has_the_topic_of_its_entry_point(package):
    (found,) = package(HEAD + RULE)
    assert (found.id, found.topic, found.title) == ("acme.rule", "acme", "A requirement.")


def test_check_of_a_package_reads_what_its_collector_returns(package):
    checks = package(HEAD + RULE)
    ((kind, collector),) = site_modules.site_collectors().items()
    (result,) = run(checks, facts={kind: collector(None)})
    assert (result.status, result.findings[0].message) == (Status.FAILED, "1 is not 0.")
    (result,) = run(checks, facts={kind: Unavailable("no table")})
    assert (result.status, result.reason) == (Status.SKIPPED, "no table")
    (result,) = run(checks)
    assert (result.status, result.reason) == (Status.SKIPPED, "nothing collects Own")


def test_crash_of_a_check_is_a_result(package):
    checks = package(HEAD + RULE.replace("if own.number:", "if own.missing:"))
    (kind,) = site_modules.site_collectors()
    (result,) = run(checks, facts={kind: kind(1)})
    assert result.status is Status.CRASHED
    assert "missing" in result.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module", "no_such_module"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
        (HEAD + RULE.replace("Why: a reason.", ""), "docstring"),
        (HEAD.replace("-> Own", ""), "KeyError"),
        (HEAD.replace("(collect,)", "3"), "TypeError"),
        (HEAD + RULE.replace("own: Own", "own"), "KeyError"),
        ("from __future__ import annotations" + HEAD + RULE.replace("own: Own", "own: No"), "No"),
        (HEAD.replace("-> Own", "-> dict"), "must return a dataclass"),
        (
            "from nautobot_upgrade_jobs.facts import Apps\n" + HEAD.replace("-> Own", "-> Apps"),
            "must return a dataclass",
        ),
        ("raise OSError('postgres://u:secret@host/db')", "postgres://"),
    ],
)
def test_package_that_cannot_be_loaded_is_a_check_that_crashes(package, text, reason):
    (found,) = package(text)
    (result,) = run([found])
    assert (found.id, result.status) == ("acme.load", Status.CRASHED)
    assert reason in result.reason
    assert "secret" not in result.reason


@pytest.mark.parametrize("name", ["data", "Acme", "a-b", "x" * 60])
def test_name_that_is_reserved_or_invalid_is_refused(package, name):
    (found,) = package(HEAD + RULE, name=name)
    assert found.id.startswith("site_")
    (result,) = run([found])
    assert "needs another name" in result.reason


def test_packages_do_not_change_own_checks(package):
    package(HEAD + RULE)
    assert own_checks() == tuple(one for one in all_checks() if one.topic != "acme")


def test_entry_point_that_names_no_module_is_refused(package, monkeypatch):
    (found,) = package(HEAD + RULE, name="acme = acme_checks:COLLECTORS\nother")[:1]
    assert found.id == "acme.load"


def test_two_packages_with_one_name_are_refused(package):
    package(HEAD + RULE)
    found = package(HEAD + RULE, module="more_checks")
    assert len({one.id for one in found}) == len(found) == 2


ROWS = """
CATALOG = {"settings": {"removed": [{
    "name": "%s", "removed_in": "%s", "effect": "ignored", "reference": "https://example.com/"}]}}
"""


def removed():
    return [one.name for one in load_catalog().removed_settings]


def test_rows_of_a_package_are_in_the_catalog(package):
    package(HEAD + RULE + ROWS % ("ACME", "3.0.0"))
    assert "ACME" in removed()


def test_package_with_an_invalid_row_is_refused_by_name(package):
    (found,) = package(HEAD + RULE + ROWS % ("ACME", "three"))
    (result,) = run([found])
    assert found.id == "acme.load"
    assert "removed_in is 'three', no version" in result.reason
    assert "ACME" not in removed()


def test_refused_package_adds_no_rows(package):
    package(HEAD + RULE + ROWS % ("ONE", "3.0.0"))
    package(HEAD + RULE + ROWS % ("TWO", "3.0.0"), name="acme", module="acme_two_checks")
    assert "TWO" not in removed()


@pytest.mark.parametrize(
    ("option", "reason"), [('stage="compare"', "stage is"), ('crosses="three"', "crosses is")]
)
def test_check_with_an_invalid_option_is_refused(package, option, reason):
    rule = RULE.replace("@check(", f"@check({option}, ")
    (found,) = package(HEAD + rule)
    (result,) = run([found])
    assert reason in result.reason
