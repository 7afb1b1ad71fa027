"""Examples of the rules in ``legacy_data``."""

import pytest

from nautobot_upgrade_jobs.checks.findings import FindingRef
from nautobot_upgrade_jobs.checks.rules.legacy_data import duplicate_names
from nautobot_upgrade_jobs.facts import LegacyData, Unavailable
from nautobot_upgrade_jobs.facts.data import AffectedRows
from tests.support.builders import facts, target

ONE = AffectedRows(1, ("a name",))
RULES = [
    ("location_names", "sibling_names", "blocker", "dcim_site"),
    ("location_names", "root_location_names", "blocker", "dcim_location"),
    ("location_names", "reserved_location_types", "blocker", "dcim_locationtype"),
    ("location_names", "global_regions", "blocker", "dcim_region"),
    ("addresses_in_several_vrfs", "mixed_vrf_interfaces", "blocker", "ipam_ipaddress"),
    ("schedules_without_user", "schedules_without_user", "blocker", "extras_scheduledjob"),
    ("outdated_group_filters", "outdated_group_filters", "warning", "extras_dynamicgroup"),
    ("renamed_keys", "renamed_keys", "warning", "keys"),
    ("created_prefixes", "addresses_without_prefix", "info", "ipam_ipaddress"),
    ("created_prefixes", "duplicate_prefixes", "info", "ipam_prefix"),
]


@pytest.mark.parametrize(("rule", "field", "severity", "subject"), RULES)
@pytest.mark.parametrize("number", [1, 2])
def test_rows_of_1_x_are_found_only_on_the_way_to_2_x(
    findings_of, rule, field, severity, subject, number
):
    check = f"legacy_data.{rule}"
    bad = facts(legacy_data=LegacyData(**{field: AffectedRows(number, ("a", "b")[:number])}))
    unknown = facts(legacy_data=LegacyData(**{field: Unavailable("no column")}))
    way = target("2.4.44", "1.6.32")
    assert findings_of(check, bad, way) == [(severity, subject)]
    assert findings_of(check, facts(legacy_data=LegacyData()), way) == []
    assert findings_of(check, unknown, way) == "skipped"
    assert findings_of(check, bad, target("2.4.44", "2.0.6")) == "not_applicable"
    assert findings_of(check, bad, target("1.6.32", "1.5.24")) == "not_applicable"


@pytest.mark.parametrize(
    "table",
    [
        *("dcim_virtualchassis", "extras_configcontext", "extras_configcontextschema"),
        "extras_exporttemplate",
    ],
)
def test_duplicate_names_block_and_replace_the_general_finding(findings_of, table):
    rows = LegacyData(duplicate_names={"extras_configcontext": AffectedRows(0), table: ONE})
    state = facts(legacy_data=rows)
    found = findings_of("legacy_data.duplicate_names", state, target("2.4.44", "1.6.32"))
    assert found == [("blocker", table)]
    (finding,) = duplicate_names(rows)
    assert finding.supersedes == (FindingRef("preconditions.violated", f"{table}.name"),)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.4.13", [("blocker", "roles")]),
        ("2.4.14", [("warning", "roles")]),
        ("3.2.7", [("warning", "roles")]),
    ],
)
def test_custom_fields_of_roles_are_lost_before_2_4_14_and_hidden_since(
    findings_of, version, expected
):
    state = facts(legacy_data=LegacyData(role_custom_fields=ONE))
    check = "legacy_data.role_custom_fields"
    assert findings_of(check, state, target(version, "1.6.32")) == expected
    clean = facts(legacy_data=LegacyData())
    assert findings_of(check, clean, target(version, "1.6.32")) == []
