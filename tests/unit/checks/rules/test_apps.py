"""Apps that refuse the target, each other, or that core has absorbed."""

import pytest

from nautobot_upgrade_jobs.checks.rules.apps import merged_into_core, orphaned_data
from nautobot_upgrade_jobs.facts import Tables
from nautobot_upgrade_jobs.facts.tables import Table
from tests.support.builders import CATALOG, app, apps, facts, migration, migrations, target

ENGINE = "nautobot_data_validation_engine"


@pytest.mark.parametrize(
    ("limits", "fires"),
    [
        ({"nautobot_requirements": (">=2.4,<4",)}, False),
        ({"nautobot_requirements": (">=2.4",)}, False),
        ({"nautobot_requirements": ("",)}, False),
        ({"max_version": "3.2.9999"}, False),
        ({"min_version": "2.4.0"}, False),
        ({"nautobot_requirements": ("not a specifier",)}, False),
        ({"nautobot_requirements": (">=2.4.20,<3.0.0",)}, True),
        ({"nautobot_requirements": (">=2.0", "<3")}, True),
        ({"max_version": "2.9999"}, True),
        ({"max_version": "3.2"}, True),
        ({"min_version": "3.3.0"}, True),
    ],
)
def test_refuses_target(found, limits, fires):
    state = facts(apps=apps(app(**limits)))
    expected = [("blocker", "nautobot_example")] if fires else []
    assert found("apps.incompatible_with_target", state) == expected


@pytest.mark.parametrize(
    ("limits", "fires"),
    [
        ({}, False),
        ({"nautobot_requirements": (), "max_version": "3.9999"}, False),
        ({"nautobot_requirements": (), "min_version": "2.0"}, False),
        ({"nautobot_requirements": ()}, True),
        ({"nautobot_requirements": ("(>=2.0.*,<3.0.*)",), "min_version": "2.0"}, True),
    ],
)
def test_undeclared(found, limits, fires):
    state = facts(apps=apps(app(**limits)))
    assert found("apps.no_nautobot_bound", state) == (
        [("warning", "nautobot_example")] if fires else []
    )


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        (["nautobot_ssot"], []),
        (["nautobot_chatops"], []),
        (["nautobot_example"], []),
        (["nautobot_ssot", "nautobot_ssot_infoblox"], [("blocker", "nautobot_ssot_infoblox")]),
        (["nautobot_ssot_infoblox"], [("warning", "nautobot_ssot_infoblox")]),
        (
            ["nautobot_chatops", "nautobot_plugin_chatops_meraki"],
            [("blocker", "nautobot_plugin_chatops_meraki")],
        ),
    ],
)
def test_conflicting(found, modules, expected):
    state = facts(apps=apps(*(app(module=module) for module in modules)))
    assert found("apps.conflicting", state) == expected


def test_a_conflict_that_only_the_app_itself_declares(found):
    state = facts(apps=apps(app(conflicts=("other",)), app(module="other")))
    assert found("apps.conflicting", state) == [("blocker", "other")]


def test_a_conflict_says_what_to_remove_and_what_to_move():
    """The remedy names the PLUGINS entry, both PLUGINS_CONFIG blocks, and the requirement."""
    from nautobot_upgrade_jobs.checks.rules.apps import conflicting
    from tests.support.builders import CATALOG

    enabled = apps(
        app(module="nautobot_ssot"),
        app(module="nautobot_ssot_infoblox"),
        configured=("nautobot_ssot_infoblox",),
    )
    (finding,) = conflicting(enabled, CATALOG)
    for part in (
        "Remove nautobot_ssot_infoblox from PLUGINS",
        "PLUGINS_CONFIG['nautobot_ssot_infoblox'] to PLUGINS_CONFIG['nautobot_ssot']",
        "drop the requirement nautobot-ssot-infoblox",
        "Do not rely on NAUTOBOT_SSOT_ALLOW_CONFLICTING_APPS",
    ):
        assert part in finding.remediation


@pytest.mark.parametrize(
    ("enabled", "configured", "installed", "wanted", "expected"),
    [
        (["nautobot_example"], (), "2.4.44", "3.2.7", []),
        ([ENGINE], (), "2.4.43", "2.4.44", []),
        ([ENGINE], (), "3.0.11", "3.2.7", []),
        ([ENGINE], (), "2.4.44", "3.2.7", [("blocker", ENGINE)]),
        ([], (ENGINE,), "2.4.44", "3.2.7", [("blocker", ENGINE)]),
        (
            ["nautobot_load_balancer_models"],
            (),
            "2.4.44",
            "3.2.7",
            [("blocker", "nautobot_load_balancer_models")],
        ),
    ],
)
def test_absorbed_by_core(found, enabled, configured, installed, wanted, expected):
    state = facts(apps=apps(*(app(module=module) for module in enabled), configured=configured))
    assert found("apps.merged_into_core", state, target(wanted, installed)) == expected


@pytest.mark.parametrize(
    ("requires", "fires"), [(">=3.10", False), ("", False), (">=3.8,<3.11", True)]
)
def test_python_version(found, requires, fires):
    state = facts(apps=apps(app(requires_python=requires)))
    expected = [("warning", "nautobot_example")] if fires else []
    assert found("apps.unsupported_python", state) == expected


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (("dcim.0001",), []),
        ((), []),
        (("dcim.0001", "old_app.0001"), [("warning", "old_app")]),
    ],
)
def test_leftovers(found, recorded, expected):
    state = facts(
        migrations=migrations((migration("dcim.0001"),), recorded),
        tables=Tables((Table("old_app_thing", 3, True),), ()),
    )
    assert found("apps.orphaned_data", state) == expected


def test_leftovers_count_the_tables_and_rows():
    history = migrations((), ("old_app.0001",))
    tables = Tables((Table("old_app_thing", 3, True), Table("dcim_device", 9, True)), ())
    (finding,) = orphaned_data(history, tables, target(), CATALOG)
    assert "1 recorded migration and 1 table with 3 rows" in finding.message


@pytest.mark.parametrize(
    ("installed", "wanted", "advice"),
    [
        ("2.4.44", "3.2.7", None),  # a migration on this way reads the tables
        ("2.4.43", "2.4.44", "Keep the tables"),
        ("3.0.0", "3.2.7", "can be dropped"),
    ],
)
def test_leftovers_of_an_app_that_core_takes_over(installed, wanted, advice):
    found = orphaned_data(
        migrations((), (f"{ENGINE}.0001",)), Tables((), ()), target(wanted, installed), CATALOG
    )
    findings = [(one.severity.value, advice in one.remediation) for one in found]
    assert findings == ([("info", True)] if advice else [])


@pytest.mark.parametrize(
    ("distribution", "covers"),
    [
        ("Nautobot_Data.Validation-Engine", "nautobot-data-validation-engine"),
        ("", None),  # of what comes without one, no index is asked
    ],
)
def test_an_app_that_core_has_absorbed_never_gets_a_release_for_it(distribution, covers):
    enabled = apps(app(module=ENGINE, distribution=distribution))
    (finding,) = merged_into_core(enabled, target("3.2.7", "2.4.44"), CATALOG)
    assert finding.supersedes == ((("packages.no_compatible_release", covers),) if covers else ())
    assert "accept this finding by its key" in finding.remediation
