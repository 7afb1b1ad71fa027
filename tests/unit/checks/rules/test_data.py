"""Examples of the rules in ``data``."""

import pytest

from nautobot_upgrade_jobs.checks.findings import FindingRef
from nautobot_upgrade_jobs.checks.remediation import sql
from nautobot_upgrade_jobs.checks.rules.data import ambiguous_indexes, empty_social_uids
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.data import AffectedRows
from tests.support.builders import data, database, facts, mysql, renamed_index, target

ROWS_CHECKS = [
    ("data.dangling_cables", "dangling_cables", "dcim_cable", "3.2.7", "3.1.8"),
    (
        "data.unsupported_cable_terminations",
        "unsupported_cable_terminations",
        "dcim_cable",
        "3.2.7",
        "3.1.8",
    ),
    (
        "data.duplicate_cable_terminations",
        "duplicate_cable_terminations",
        "dcim_cable",
        "3.2.7",
        "3.1.8",
    ),
    (
        "data.empty_social_uids",
        "empty_social_uids",
        "social_auth_usersocialauth",
        "3.1.8",
        "3.0.11",
    ),
    (
        "data.non_uuid_compliance_ids",
        "non_uuid_compliance_ids",
        "nautobot_data_validation_engine_datacompliance",
        "3.0.11",
        "2.4.44",
    ),
]


@pytest.mark.parametrize(("check", "field", "subject", "crossing", "previous"), ROWS_CHECKS)
def test_affected_rows_block_only_upgrades_that_cross_the_release(
    findings_of, check, field, subject, crossing, previous
):
    bad = facts(data=data(**{field: AffectedRows(2, ("row 1", "row 2"))}))
    unknown = facts(data=data(**{field: Unavailable("UndefinedColumn")}))
    assert findings_of(check, bad, target(crossing, "2.4.40")) == [("blocker", subject)]
    assert findings_of(check, facts(), target(crossing, "2.4.40")) == []
    assert findings_of(check, bad, target(previous, "2.4.40")) == "not_applicable"
    assert findings_of(check, unknown, target(crossing, "2.4.40")) == "skipped"
    assert findings_of(check, unknown, target(previous, "2.4.40")) == "not_applicable"


@pytest.mark.parametrize(
    ("missing", "wanted", "expected"),
    [
        ((), "3.2.7", []),
        (("t.error_message",), "2.4.44", "not_applicable"),
        (("t.error_message",), "3.2.7", [("blocker", "nautobot_data_validation_engine")]),
    ],
)
def test_outdated_validation_engine_schema_with_missing_columns_blocks(
    findings_of, missing, wanted, expected
):
    state = facts(data=data(missing_validation_engine_columns=missing))
    assert (
        findings_of("data.outdated_validation_engine_schema", state, target(wanted, "2.4.43"))
        == expected
    )


@pytest.mark.parametrize(
    ("indexes", "fires"), [(("a",), False), (("a", "dba_extra"), True), ((), True)]
)
def test_ambiguous_indexes_unless_exactly_one_matches_blocks(findings_of, indexes, fires):
    state = facts(data=data(renamed_indexes=(renamed_index(*indexes),)))
    subject = "ipam_prefix(network, broadcast, prefix_length)"
    assert findings_of("data.ambiguous_indexes", state) == ([("blocker", subject)] if fires else [])


@pytest.mark.parametrize(
    ("indexes", "server", "commands"),
    [
        (
            ("dba_lookup", "ipam_prefix_network_cac86426_idx"),
            database(),
            ('DROP INDEX "dba_lookup";',),
        ),
        (
            ("dba_lookup", "ipam_prefix_network_cac86426_idx"),
            mysql(),
            ("DROP INDEX `dba_lookup` ON ipam_prefix;",),
        ),
        (
            (),
            database(),
            (
                (
                    "CREATE INDEX ipam_prefix_restored_idx ON ipam_prefix "
                    "(network, broadcast, prefix_length);"
                ),
            ),
        ),
    ],
)
def test_ambiguous_indexes_commands_leave_one_index(indexes, server, commands):
    (finding,) = ambiguous_indexes(data(renamed_indexes=(renamed_index(*indexes),)), server)
    assert finding.commands == tuple(map(sql, commands))


NEGATED = {"edge": ("name__nic",), "core": ("name__n", "status__n")}


@pytest.mark.parametrize(
    ("groups", "installed", "wanted", "expected"),
    [
        ({}, "2.4.44", "3.2.7", []),
        (NEGATED, "2.4.44", "3.2.7", [("warning", "extras_dynamicgroup")]),
        (NEGATED, "2.4.44", "3.0.11", "not_applicable"),
        (NEGATED, "3.1.0", "3.2.7", "not_applicable"),
    ],
)
def test_negated_group_filters_before_3_1_warn(findings_of, groups, installed, wanted, expected):
    state = facts(data=data(negated_group_filters=groups))
    assert findings_of("data.negated_group_filters", state, target(wanted, installed)) == expected


def test_empty_social_uids_supersedes_the_violated_constraint():
    (finding,) = empty_social_uids(data(empty_social_uids=AffectedRows(1)))
    assert finding.supersedes == (
        FindingRef(
            "preconditions.violated", "social_auth_usersocialauth.user_social_auth_uid_required"
        ),
    )
