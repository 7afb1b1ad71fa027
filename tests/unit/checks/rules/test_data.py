"""Rows and indexes that migrations stumble over."""

import pytest

from nautobot_upgrade_jobs.checks.rules.data import ambiguous_indexes as renamed_indexes_check
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


@pytest.mark.parametrize(("check", "field", "subject", "reaching", "short_of_it"), ROWS_CHECKS)
def test_rows(found, check, field, subject, reaching, short_of_it):
    bad = facts(data=data(**{field: AffectedRows(2, ("row 1", "row 2"))}))
    unknown = facts(data=data(**{field: Unavailable("UndefinedColumn")}))
    assert found(check, bad, target(reaching, "2.4.40")) == [("blocker", subject)]
    assert found(check, facts(), target(reaching, "2.4.40")) == []
    assert found(check, bad, target(short_of_it, "2.4.40")) == "not_applicable"
    assert found(check, unknown, target(reaching, "2.4.40")) == "skipped"
    assert found(check, unknown, target(short_of_it, "2.4.40")) == "not_applicable"


@pytest.mark.parametrize(
    ("missing", "wanted", "expected"),
    [
        ((), "3.2.7", []),
        (("t.error_message",), "2.4.44", "not_applicable"),
        (("t.error_message",), "3.2.7", [("blocker", "nautobot_data_validation_engine")]),
    ],
)
def test_old_validation_engine(found, missing, wanted, expected):
    state = facts(data=data(missing_validation_engine_columns=missing))
    assert (
        found("data.outdated_validation_engine_schema", state, target(wanted, "2.4.43")) == expected
    )


@pytest.mark.parametrize(
    ("indexes", "fires"), [(("a",), False), (("a", "dba_extra"), True), ((), True)]
)
def test_renamed_indexes(found, indexes, fires):
    state = facts(data=data(renamed_indexes=(renamed_index(*indexes),)))
    subject = "ipam_prefix(network, broadcast, prefix_length)"
    assert found("data.ambiguous_indexes", state) == ([("blocker", subject)] if fires else [])


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
def test_the_commands_leave_one_index(indexes, server, commands):
    (finding,) = renamed_indexes_check(data(renamed_indexes=(renamed_index(*indexes),)), server)
    assert finding.commands == commands


@pytest.mark.parametrize(
    ("groups", "installed", "wanted", "expected"),
    [
        (0, "2.4.44", "3.2.7", []),
        (2, "2.4.44", "3.2.7", [("warning", "extras_dynamicgroup")]),
        (2, "2.4.44", "3.0.11", "not_applicable"),
        (2, "3.1.0", "3.2.7", "not_applicable"),
    ],
)
def test_negated_group_filters(found, groups, installed, wanted, expected):
    state = facts(data=data(negated_group_filters=AffectedRows(groups)))
    assert found("data.negated_group_filters", state, target(wanted, installed)) == expected
