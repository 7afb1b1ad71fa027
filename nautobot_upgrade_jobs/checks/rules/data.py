"""Rows and indexes that make migrations of the target fail or lose data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...facts import Data, Database, require
from ...facts.data import AffectedRows, RenamedIndex
from ..build import blocker, warning
from ..findings import Finding, FindingRef, Impact, Phase
from ..references import RELEASE_NOTES_OF
from ..registry import check
from ..remediation import shell, sql
from ..text import nautobot_shell_command, plural, truncate_list

DJANGO_INDEX_NAME = re.compile(r"_[0-9a-f]{6,8}(_idx)?$")
SOCIAL_UID_VIOLATION = FindingRef(
    "preconditions.violated", "social_auth_usersocialauth.user_social_auth_uid_required"
)
"""The check constraint that social_django.0017 adds, violated."""
NOTES_3_0, NOTES_3_1, NOTES_3_2 = (
    (RELEASE_NOTES_OF.format(line),) for line in ("3.0", "3.1", "3.2")
)


@check(crosses="3.2", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES_3_2)
def dangling_cables(data: Data) -> Iterator[Finding]:
    """No cable ends on a row that does not exist.

    Why: dcim.0089 turns each cable end into a row with a foreign key to the connected object. If
        the object does not exist, the migration fails at its commit. The earlier migrations stay
        committed. On MySQL such an end is dropped silently.
    Fix: delete or reconnect these cables before the upgrade.
    """
    cables = require(data.dangling_cables)
    if cables.count:
        yield blocker(
            "dcim_cable",
            f"{plural(cables.count, 'cable')} {'ends' if cables.count == 1 else 'end'} at an "
            "object that does not exist. Migration dcim.0089_populate_cabletocabletermination will "
            "fail.",
            fix="Note what each of these cables connects. Delete the cable, and create it again if "
            "it exists in the rack. The command deletes the cables in the evidence.",
            commands=(shell(_delete_cables_command(cables)),),
            evidence=cables.examples,
        )


def _delete_cables_command(cables: AffectedRows) -> str:
    return nautobot_shell_command(
        "from nautobot.dcim.models import Cable; "
        f"print(Cable.objects.filter(pk__in={list(cables.keys)}).delete())"
    )


@check(crosses="3.2", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=NOTES_3_2)
def unsupported_cable_terminations(data: Data) -> Iterator[Finding]:
    """Every cable ends on a termination type that 3.2 supports.

    Why: dcim.0089 copies ends on the nine core termination types and skips all others without a
        message. dcim.0090 then removes the columns that held them.
    Fix: document these connections and create them again after the upgrade.
    """
    cables = require(data.unsupported_cable_terminations)
    if cables.count:
        yield blocker(
            "dcim_cable",
            f"{plural(cables.count, 'cable')} {'has' if cables.count == 1 else 'have'} an end of a "
            "type that Nautobot 3.2 does not migrate. The upgrade removes this end.",
            fix="Export these cables, delete them, and document the connection elsewhere.",
            evidence=cables.examples,
        )


@check(crosses="3.2", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=NOTES_3_2)
def duplicate_cable_terminations(data: Data) -> Iterator[Finding]:
    """No termination belongs to two cables.

    Why: 3.2 allows one cable for each termination. dcim.0089 keeps one of the two ends and drops
        the other without a message.
    Fix: delete the cable that does not exist in the rack.
    """
    ends = require(data.duplicate_cable_terminations)
    if ends.count:
        verb = "belongs" if ends.count == 1 else "belong"
        yield blocker(
            "dcim_cable",
            f"{plural(ends.count, 'termination')} {verb} to two cables each. For each of them, the "
            "upgrade keeps only one cable.",
            fix="For each termination, find out which cable is real. Delete the other cable.",
            evidence=ends.examples,
        )


@check(crosses="3.1", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES_3_1)
def ambiguous_indexes(data: Data, database: Database) -> Iterator[Finding]:
    """Each index that 3.1 renames can be found by its columns.

    Why: the migration expects exactly one index on a set of columns. An index that a database
        administrator added on the same columns makes it raise "Found wrong number".
    Fix: drop the additional index before the upgrade. Create it again afterwards if it is needed.
    """
    for index in require(data.renamed_indexes):
        if len(index.matching_indexes) == 1:
            continue
        columns = ", ".join(index.columns)
        yield blocker(
            f"{index.table}({columns})",
            f"Migration {index.migration} will fail, because {index.table} has"
            f" {len(index.matching_indexes)} indexes on ({columns}). It must"
            " have exactly one.",
            fix=(
                "Drop the index that Nautobot did not create."
                if index.matching_indexes
                else "Create the index on these columns."
            ),
            commands=tuple(map(sql, _index_repair_statements(index, database.vendor))),
            evidence=index.matching_indexes,
            supersedes=(
                FindingRef(
                    "preconditions.schema_conflict", f"{index.table}.({', '.join(index.columns)})"
                ),
            ),
        )


def _index_repair_statements(index: RenamedIndex, vendor: str) -> tuple[str, ...]:
    """Return the statements that leave exactly one index, if possible the one Django created."""
    if not index.matching_indexes:
        columns = ", ".join(index.columns)
        name = f"{index.table[:20]}_restored_idx"
        return (f"CREATE INDEX {name} ON {index.table} ({columns});",)
    made_by_django = [name for name in index.matching_indexes if DJANGO_INDEX_NAME.search(name)]
    keep = (made_by_django or list(index.matching_indexes))[0]
    drop = 'DROP INDEX "{}";' if vendor == "postgresql" else f"DROP INDEX `{{}}` ON {index.table};"
    return tuple(drop.format(name) for name in index.matching_indexes if name != keep)


@check(crosses="3.1", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES_3_1)
def empty_social_uids(data: Data) -> Iterator[Finding]:
    """No single-sign-on account has an empty uid.

    Why: social_django.0017 adds a check constraint that these rows violate.
    Fix: write the right uid into these rows, or delete them.
    """
    rows = require(data.empty_social_uids)
    if rows.count:
        yield blocker(
            "social_auth_usersocialauth",
            f"{plural(rows.count, 'single-sign-on account')} with an empty uid will make migration "
            "social_django.0017 fail.",
            fix="If the identity provider gives you the uid of a user, write it into the row. If "
            "not, note the user and delete the row. After the deletion, the next login creates "
            "a new user, unless SOCIAL_AUTH_PIPELINE links accounts by their email address.",
            commands=(sql("DELETE FROM social_auth_usersocialauth WHERE uid = '';"),),
            evidence=rows.examples,
            supersedes=(SOCIAL_UID_VIOLATION,),
        )


@check(crosses="3.0", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES_3_0)
def non_uuid_compliance_ids(data: Data) -> Iterator[Finding]:
    """Every data compliance result has a UUID as its object id.

    Why: data_validation.0002 copies the table of the Data Validation Engine App and casts object
        ids to UUID. An object id that is not a UUID makes the migration fail.
    Fix: delete the results. The compliance Job computes them again.
    """
    rows = require(data.non_uuid_compliance_ids)
    if rows.count:
        yield blocker(
            "nautobot_data_validation_engine_datacompliance",
            f"{plural(rows.count, 'data compliance result')} with an object id that is not a UUID "
            "will make migration data_validation.0002 fail.",
            fix="Delete all rows of the table. Users did not enter them: the compliance Job "
            "computed them. Run this Job again after the upgrade.",
            commands=(sql("DELETE FROM nautobot_data_validation_engine_datacompliance;"),),
            evidence=rows.examples,
        )


@check(crosses="3.0", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES_3_0)
def outdated_validation_engine_schema(data: Data) -> Iterator[Finding]:
    """The tables of the Data Validation Engine App have the schema of its last release.

    Why: data_validation.0002 selects columns that the App's last migrations added. If one is
        missing, the upgrade stops.
    Fix: before you upgrade Nautobot, upgrade the App to its last release and run `migrate`. If you
        do not need its rules, drop its tables after a backup instead.
    """
    missing = require(data.missing_validation_engine_columns)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        yield blocker(
            "nautobot_data_validation_engine",
            f"{plural(len(missing), 'column')} of the Data Validation Engine App {verb} missing, "
            "and migration data_validation.0002 will fail.",
            fix="Upgrade the App to its last release and run its migrations before the upgrade.",
            commands=(shell("nautobot-server migrate nautobot_data_validation_engine"),),
            evidence=truncate_list(missing),
        )


@check(crosses="3.1", phase=Phase.RUNTIME, impact=Impact.UNKNOWN, see=NOTES_3_1)
def negated_group_filters(data: Data) -> Iterator[Finding]:
    """No dynamic group has a filter that the target evaluates the opposite way.

    Why: releases before 3.1 ignore the negation in a group's filter, so a group by `name__nic` has
        the members of `name__ic`. Since 3.1 it has all other objects. No message reports this, and
        everything that acts on the group then acts on other objects.
    Fix: decide which members the group should have, and write the filter without a negation, so
        that both releases read it the same way. Otherwise check the group after the upgrade.
    """
    groups = require(data.negated_group_filters)
    if groups:
        yield warning(
            "extras_dynamicgroup",
            f"{plural(len(groups), 'dynamic group')} with a negated filter will have other "
            "members, because Nautobot ignored the negation before 3.1.",
            fix="To keep the current members of a group, replace its negated filter with the "
            "filter without negation, for example name__nic with name__ic. Otherwise find out "
            "which users and Jobs rely on the group before its members change.",
            evidence=truncate_list(
                tuple(f"{name}: {', '.join(filters)}" for name, filters in groups.items())
            ),
            supersedes=tuple(
                FindingRef("customizations.different_results", f"dynamic group {name}")
                for name in groups
            ),
        )
