"""Examples of the rules in ``apps``."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import FindingRef, Severity
from nautobot_upgrade_jobs.checks.remediation import CommandKind
from nautobot_upgrade_jobs.checks.rules.apps import (
    conflicting,
    merged_into_core,
    orphaned_data,
    orphaned_settings,
)
from nautobot_upgrade_jobs.facts import Apps, Packages, Tables
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.resolution import AppReleases
from nautobot_upgrade_jobs.facts.tables import Table
from tests.support.builders import (
    CATALOG,
    app,
    apps,
    facts,
    migration,
    migrations,
    resolution,
    target,
)

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
def test_incompatible_with_target_by_declared_limits_blocks(findings_of, limits, fires):
    state = facts(apps=apps(app(**limits)))
    expected = [("blocker", "nautobot_example")] if fires else []
    assert findings_of("apps.incompatible_with_target", state) == expected


ON_INDEX = AppReleases("nautobot-example", "2.0.0", "3.0", "2.1", "3.0")
KEPT = AppReleases("nautobot-example", "2.0.0", "2.0", "2.0", "3.0")


@pytest.mark.parametrize(
    ("state", "blocks"),
    [
        pytest.param(None, True, id="index not queried"),
        pytest.param({"apps": (ON_INDEX,)}, False, id="compatible release on the index"),
        pytest.param({"apps": (KEPT,)}, True, id="the set keeps the release, the index has newer"),
        pytest.param({"apps": (), "packages": ()}, True, id="App not on the index"),
    ],
)
def test_incompatible_with_target_with_a_compatible_release_on_the_index_passes(
    findings_of, state, blocks
):
    evidence = {"resolution": resolution(**state)} if state is not None else {}
    incompatible = facts(apps=Apps((app(nautobot_requirements=(">=2.4,<3",)),), ()))
    expected = [("blocker", "nautobot_example")] if blocks else []
    assert findings_of("apps.incompatible_with_target", incompatible, **evidence) == expected


@pytest.mark.parametrize(
    ("limits", "fires"),
    [
        ({}, False),
        ({"nautobot_requirements": (), "max_version": "3.9999"}, False),
        ({"nautobot_requirements": (), "min_version": "2.0"}, False),
        ({"nautobot_requirements": ()}, True),
        ({"nautobot_requirements": ("(>=2.0.*,<3.0.*)",), "min_version": "2.0"}, True),
        ({"max_version": "2.x"}, True),
        ({"min_version": "two"}, True),
    ],
)
def test_no_nautobot_bound_without_a_valid_bound_warns(findings_of, limits, fires):
    state = facts(apps=apps(app(**limits)))
    assert findings_of("apps.no_nautobot_bound", state) == (
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
def test_conflicting_by_catalog_blocks_when_both_are_enabled(findings_of, modules, expected):
    state = facts(apps=apps(*(app(module=module) for module in modules)))
    assert findings_of("apps.conflicting", state) == expected


def test_conflicting_declared_by_an_app_blocks(findings_of):
    state = facts(apps=apps(app(conflicts=("other",)), app(module="other")))
    assert findings_of("apps.conflicting", state) == [("blocker", "other")]


def config_lines(finding):
    assert {one.kind for one in finding.commands} <= {CommandKind.CONFIGURATION}
    return [one.text for one in finding.commands]


INFOBLOX = {"nautobot_ssot_infoblox": ("default_status", "infoblox_timeout")}
MOVED = {"nautobot_ssot": ("enable_infoblox", "infoblox_default_status", "infoblox_timeout")}
FIRST, LAST = (
    "PLUGINS_CONFIG.setdefault('nautobot_ssot', {})",
    "PLUGINS_CONFIG.pop('nautobot_ssot_infoblox', None)",
)
MOVES = [
    "PLUGINS_CONFIG['nautobot_ssot']['infoblox_default_status'] = "
    "PLUGINS_CONFIG['nautobot_ssot_infoblox']['default_status']",
    "PLUGINS_CONFIG['nautobot_ssot']['infoblox_timeout'] = "
    "PLUGINS_CONFIG['nautobot_ssot_infoblox']['infoblox_timeout']",
]


def ssot(**changes):
    names = (*MOVED["nautobot_ssot"], "aristacv_cvp_host", "nautobot_host")
    return replace(app(module="nautobot_ssot"), setting_names=names, **changes)


def test_conflicting_remediation_names_every_step():
    modules = (ssot(), app(module="nautobot_ssot_infoblox"))
    (finding,) = conflicting(apps(*modules, configured=INFOBLOX), CATALOG)
    for part in (
        "Remove nautobot_ssot_infoblox from PLUGINS",
        "Set 'enable_infoblox' to True in PLUGINS_CONFIG['nautobot_ssot']",
        "Remove the requirement nautobot-ssot-infoblox",
        "Do not set NAUTOBOT_SSOT_ALLOW_CONFLICTING_APPS",
    ):
        assert part in finding.remediation
    assert config_lines(finding) == [FIRST, *MOVES, LAST]


@pytest.mark.parametrize(
    "block", [{}, {"nautobot_ssot": {}}, {"nautobot_ssot": {"enable_infoblox": False}}]
)
def test_orphaned_settings_lines_move_the_values(block):
    """Also if the file has no block of the other App: Nautobot adds it at the start."""
    enabled = apps(ssot(), configured={"nautobot_ssot": (), **INFOBLOX})
    (finding,) = orphaned_settings(enabled, Packages(()), CATALOG)
    old = {"default_status": "Active", "infoblox_timeout": 9}
    blocks = {"nautobot_ssot_infoblox": old, **block}
    exec("\n".join(config_lines(finding)), {"PLUGINS_CONFIG": blocks})
    moved = {"infoblox_default_status": "Active", "infoblox_timeout": 9}
    assert blocks == {"nautobot_ssot": block.get("nautobot_ssot", {}) | moved}


def test_conflicting_lines_without_a_block_in_the_file_still_run():
    modules = (ssot(), app(module="nautobot_ssot_infoblox"))
    (finding,) = conflicting(apps(*modules, configured={"nautobot_ssot_infoblox": ()}), CATALOG)
    blocks = {}
    exec("\n".join(config_lines(finding)), {"PLUGINS_CONFIG": blocks})
    assert blocks == {"nautobot_ssot": {}}


def test_conflicting_with_the_override_starts_and_is_a_warning():
    modules = (app(module="nautobot_ssot"), app(module="nautobot_ssot_infoblox"))
    variable = "NAUTOBOT_SSOT_ALLOW_CONFLICTING_APPS"
    (finding,) = conflicting(replace(apps(*modules), overrides=(variable,)), CATALOG)
    assert finding.severity is Severity.WARNING
    assert f"{variable} is set" in finding.message
    assert f"Remove {variable}. The variable only disables the check" in finding.remediation


@pytest.mark.parametrize(
    ("configured", "moved", "lines"),
    [
        pytest.param(
            INFOBLOX, "has none of these settings", [FIRST, *MOVES, LAST], id="nothing moved"
        ),
        pytest.param(
            INFOBLOX | {"nautobot_ssot": ("infoblox_timeout",)},
            "lacks 1 of these 2 settings",
            [FIRST, MOVES[0], LAST],
            id="one moved",
        ),
        pytest.param(
            INFOBLOX | MOVED, "has all of these settings", [FIRST, LAST], id="only the block"
        ),
        pytest.param(
            {"nautobot_ssot_infoblox": ("NAUTOBOT_INFOBLOX_URL", "it's")},
            "has none of these settings",
            [FIRST, LAST],
            id="no setting of these names",
        ),
        pytest.param(
            {"nautobot_ssot_infoblox": ("NAUTOBOT_INFOBLOX_TIMEOUT",)},
            "has none of these settings",
            [
                FIRST,
                "PLUGINS_CONFIG['nautobot_ssot']['infoblox_timeout'] = "
                "PLUGINS_CONFIG['nautobot_ssot_infoblox']['NAUTOBOT_INFOBLOX_TIMEOUT']",
                LAST,
            ],
            id="in capitals, as in early releases",
        ),
        pytest.param(
            {"nautobot_ssot_arista_cloudvision": ("cvp_host",)},
            "has none of these settings",
            [
                FIRST,
                "PLUGINS_CONFIG['nautobot_ssot']['aristacv_cvp_host'] = "
                "PLUGINS_CONFIG['nautobot_ssot_arista_cloudvision']['cvp_host']",
                "PLUGINS_CONFIG.pop('nautobot_ssot_arista_cloudvision', None)",
            ],
            id="under an early name",
        ),
        pytest.param(
            {"nautobot_ssot_ipfabric": ("nautobot_host",)},
            "has none of these settings",
            [
                FIRST,
                "PLUGINS_CONFIG['nautobot_ssot']['nautobot_host'] = "
                "PLUGINS_CONFIG['nautobot_ssot_ipfabric']['nautobot_host']",
                "PLUGINS_CONFIG.pop('nautobot_ssot_ipfabric', None)",
            ],
            id="without a prefix",
        ),
    ],
)
def test_orphaned_settings_lists_what_to_move(configured, moved, lines):
    enabled = apps(ssot(), configured={"nautobot_ssot": (), **configured})
    (finding,) = orphaned_settings(enabled, Packages(()), CATALOG)
    assert moved in finding.message
    assert config_lines(finding) == lines


@pytest.mark.parametrize(
    ("modules", "configured", "names", "expected"),
    [
        (["nautobot_ssot"], MOVED, (), []),
        (["nautobot_ssot"], {}, ("nautobot-ssot", "netutils"), []),
        (["nautobot_golden_config"], INFOBLOX, ("nautobot-ssot-infoblox",), []),
        (["nautobot_ssot", "nautobot_ssot_infoblox"], INFOBLOX, ("nautobot-ssot-infoblox",), []),
        (["nautobot_ssot"], {}, ("Nautobot_SSoT.Infoblox",), [("info", "nautobot-ssot-infoblox")]),
    ],
)
def test_orphaned_settings_of_apps_that_are_not_included_are_silent(
    findings_of, modules, configured, names, expected
):
    state = facts(
        apps=apps(*(app(module=module) for module in modules), configured=configured),
        packages=Packages(tuple(Package(name, "1.0", (), "") for name in names)),
    )
    assert findings_of("apps.orphaned_settings", state) == expected


def test_orphaned_settings_names_the_line_of_the_requirement():
    packages = Packages((), ("nautobot-ssot[all]==4.7.0", "Nautobot_ssot-aci~=1.0  # ours"))
    (finding,) = orphaned_settings(apps(app(module="nautobot_ssot")), packages, CATALOG)
    assert finding.evidence == ("local_requirements.txt: Nautobot_ssot-aci~=1.0  # ours",)
    assert finding.commands == ()


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
def test_merged_into_core_when_the_upgrade_crosses_the_merge_blocks(
    findings_of, enabled, configured, installed, wanted, expected
):
    state = facts(
        apps=apps(
            *(app(module=module) for module in enabled), configured=dict.fromkeys(configured, ())
        )
    )
    assert findings_of("apps.merged_into_core", state, target(wanted, installed)) == expected


@pytest.mark.parametrize(
    ("requires", "fires"), [(">=3.10", False), ("", False), (">=3.8,<3.11", True)]
)
def test_unsupported_python_by_requires_python_warns(findings_of, requires, fires):
    state = facts(apps=apps(app(requires_python=requires)))
    expected = [("warning", "nautobot_example")] if fires else []
    assert findings_of("apps.unsupported_python", state) == expected


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (("dcim.0001",), []),
        ((), []),
        (("dcim.0001", "old_app.0001"), [("warning", "old_app")]),
    ],
)
def test_orphaned_data_of_an_unknown_app_warns(findings_of, recorded, expected):
    state = facts(
        migrations=migrations((migration("dcim.0001"),), recorded),
        tables=Tables((Table("old_app_thing", 3, True),), ()),
    )
    assert findings_of("apps.orphaned_data", state) == expected


def test_orphaned_data_message_counts_migrations_tables_and_rows():
    history = migrations((), ("old_app.0001",))
    tables = Tables((Table("old_app_thing", 3, True), Table("dcim_device", 9, True)), ())
    (finding,) = orphaned_data(history, tables, target(), CATALOG)
    assert "1 recorded migration and 1 table with 3 rows" in finding.message


@pytest.mark.parametrize(
    ("installed", "wanted", "rows", "advice"),
    [
        pytest.param("2.4.44", "3.2.7", 3, None, id="a pending migration reads the tables"),
        pytest.param("2.4.43", "2.4.44", 3, "Keep the tables", id="merge is beyond the target"),
        pytest.param("3.0.0", "3.2.7", 3, "You can drop", id="merge is done"),
        pytest.param("2.4.43", "2.4.44", None, "Nothing", id="no tables"),
    ],
)
def test_orphaned_data_of_a_merged_app_depends_on_the_upgrade_path(installed, wanted, rows, advice):
    tables = () if rows is None else (Table(f"{ENGINE}_rule", rows, True),)
    findings = orphaned_data(
        migrations((), (f"{ENGINE}.0001",)), Tables(tables, ()), target(wanted, installed), CATALOG
    )
    advised = [(finding.severity.value, advice in finding.remediation) for finding in findings]
    assert advised == ([("info", True)] if advice else [])


@pytest.mark.parametrize(
    ("distribution", "superseded"),
    [
        pytest.param(
            "Nautobot_Data.Validation-Engine",
            (FindingRef("packages.no_compatible_release", "nautobot-data-validation-engine"),),
            id="normalized name",
        ),
        pytest.param("", (), id="App without a distribution"),
    ],
)
def test_merged_into_core_supersedes_the_missing_release_of_the_distribution(
    distribution, superseded
):
    enabled = apps(app(module=ENGINE, distribution=distribution))
    (finding,) = merged_into_core(enabled, target("3.2.7", "2.4.44"), CATALOG)
    assert finding.supersedes == superseded
    assert "accept this finding by its key" in finding.remediation
