"""Rows and indexes that migrations on the way to the target stumble over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...facts import Data, Database, require
from ...facts.data import AffectedRows, RenamedIndex
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import nautobot_shell_command, plural, truncate_list

DJANGO_INDEX_NAME = re.compile(r"_[0-9a-f]{6,8}(_idx)?$")
NOTES = "https://docs.nautobot.com/projects/core/en/stable/release-notes/version-{}/"


def _delete_cables_command(cables: AffectedRows) -> str:
    return nautobot_shell_command(
        "from nautobot.dcim.models import Cable; "
        f"print(Cable.objects.filter(pk__in={list(cables.keys)}).delete())"
    )


@check(crosses="3.2")
def dangling_cables(data: Data) -> Iterator[Finding]:
    """No cable ends on a row that is gone.

    Why: dcim.0089 turns each cable end into a row with a foreign key; one end without its row
        violates it when the migration commits, and the upgrade stops with earlier steps committed.
        On MySQL such an end is dropped without a word.
    Fix: delete these cables, or connect them again, before the upgrade.
    """
    cables = require(data.dangling_cables)
    if cables.count:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="dcim_cable",
            message=(
                f"{plural(cables.count, 'cable')} with an end whose row is gone; migration "
                "dcim.0089_populate_cabletocabletermination will abort."
            ),
            remediation=(
                f"Delete or reconnect {'it' if cables.count == 1 else 'each of them'}; the "
                f"command deletes the {plural(len(cables.keys), 'cable')} listed."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=(_delete_cables_command(cables),),
            evidence=cables.examples,
            references=(NOTES.format("3.2"),),
        )


@check(crosses="3.2")
def unsupported_cable_terminations(data: Data) -> Iterator[Finding]:
    """Every cable ends on one of the types that 3.2 carries over.

    Why: dcim.0089 copies ends on the nine core termination types and skips all others without a
        message; dcim.0090 then removes the columns that held them.
    Fix: write down these connections and make them again after the upgrade.
    """
    cables = require(data.unsupported_cable_terminations)
    if cables.count:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="dcim_cable",
            message=(
                f"{plural(cables.count, 'cable')} with an end of a type that Nautobot 3.2 does "
                "not carry over; these ends will be lost."
            ),
            remediation="Export these cables, delete them, and document the connection elsewhere.",
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            evidence=cables.examples,
            references=(NOTES.format("3.2"),),
        )


@check(crosses="3.2")
def duplicate_cable_terminations(data: Data) -> Iterator[Finding]:
    """No termination is claimed by two cables.

    Why: 3.2 allows one cable for each termination; dcim.0089 keeps one of the two ends and ignores
        the other without a message.
    Fix: delete the cable that does not exist in the rack.
    """
    ends = require(data.duplicate_cable_terminations)
    if ends.count:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="dcim_cable",
            message=(
                f"{plural(ends.count, 'termination')} claimed by two cables; one end of each "
                "pair will be lost."
            ),
            remediation="Find out which cable is real and delete the other.",
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            evidence=ends.examples,
            references=(NOTES.format("3.2"),),
        )


@check(crosses="3.1")
def ambiguous_indexes(data: Data, database: Database) -> Iterator[Finding]:
    """Each index that 3.1 renames can be found by its columns.

    Why: the migration looks for exactly one index on a set of columns; an index that a database
        administrator added on the same columns makes it raise "Found wrong number".
    Fix: drop the additional index before the upgrade; create it again afterwards if it is needed.
    """
    for index in require(data.renamed_indexes):
        if len(index.matching_indexes) == 1:
            continue
        columns = ", ".join(index.columns)
        yield Finding(
            severity=Severity.BLOCKER,
            subject=f"{index.table}({columns})",
            message=(
                f"{len(index.matching_indexes) or 'No'} indexes instead of one on {index.table} "
                f"({columns}): migration {index.migration} will abort."
            ),
            remediation=(
                "Drop the index that Nautobot did not make."
                if index.matching_indexes
                else "Create the index on these columns."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=_index_repair_statements(index, database.vendor),
            evidence=index.matching_indexes,
            references=(NOTES.format("3.1"),),
        )


def _index_repair_statements(index: RenamedIndex, vendor: str) -> tuple[str, ...]:
    """Return the statements that leave exactly one index; Django's own end in a digest."""
    if not index.matching_indexes:
        columns = ", ".join(index.columns)
        name = f"{index.table[:20]}_restored_idx"
        return (f"CREATE INDEX {name} ON {index.table} ({columns});",)
    made_by_django = [name for name in index.matching_indexes if DJANGO_INDEX_NAME.search(name)]
    keep = (made_by_django or list(index.matching_indexes))[0]
    drop = 'DROP INDEX "{}";' if vendor == "postgresql" else f"DROP INDEX `{{}}` ON {index.table};"
    return tuple(drop.format(name) for name in index.matching_indexes if name != keep)


@check(crosses="3.1")
def empty_social_uids(data: Data) -> Iterator[Finding]:
    """No single-sign-on account has an empty uid.

    Why: social_django.0017 adds a check constraint against it, which existing rows violate.
    Fix: delete these rows; the account is linked again at the next login.
    """
    rows = require(data.empty_social_uids)
    if rows.count:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="social_auth_usersocialauth",
            message=(
                f"{plural(rows.count, 'single-sign-on account')} with an empty uid; migration "
                "social_django.0017 will abort."
            ),
            remediation="Delete these rows.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=("DELETE FROM social_auth_usersocialauth WHERE uid = '';",),
            evidence=rows.examples,
            references=(NOTES.format("3.1"),),
            supersedes=(("preconditions.violated", "user_social_auth_uid_required"),),
        )


@check(crosses="3.0")
def non_uuid_compliance_ids(data: Data) -> Iterator[Finding]:
    """Data compliance results can be taken over by core.

    Why: data_validation.0002 copies the table of the Data Validation Engine App and casts object
        ids to UUID; one that is none aborts the migration.
    Fix: delete the results; the compliance Job computes them anew.
    """
    rows = require(data.non_uuid_compliance_ids)
    if rows.count:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="nautobot_data_validation_engine_datacompliance",
            message=(
                f"{plural(rows.count, 'data compliance result')} whose object id is no UUID; "
                "migration data_validation.0002 will abort."
            ),
            remediation=(
                "Empty the table; its rows are computed, not entered. Run the compliance "
                "Job again after the upgrade."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=("DELETE FROM nautobot_data_validation_engine_datacompliance;",),
            evidence=rows.examples,
            references=(NOTES.format("3.0"),),
        )


@check(crosses="3.0")
def outdated_validation_engine_schema(data: Data) -> Iterator[Finding]:
    """The tables of the Data Validation Engine App are those of its last release.

    Why: data_validation.0002 selects columns that the App's last migrations added; where one is
        missing the upgrade stops.
    Fix: upgrade the App to its last release in the installed Nautobot and migrate it; or drop its
        tables, after a backup, if its rules are not wanted.
    """
    missing = require(data.missing_validation_engine_columns)
    if missing:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="nautobot_data_validation_engine",
            message=(
                f"{plural(len(missing), 'column')} of the Data Validation Engine App missing; "
                "migration data_validation.0002 will abort."
            ),
            remediation=(
                "Upgrade the App to its last release and run its migrations before the upgrade."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=("nautobot-server migrate nautobot_data_validation_engine",),
            evidence=truncate_list(missing),
            references=(NOTES.format("3.0"),),
        )


@check(crosses="3.1")
def negated_group_filters(data: Data) -> Iterator[Finding]:
    """No dynamic group has a filter that the target reads the other way round.

    Why: releases before 3.1 overlook the negation of a group's filter, so a group by `name__nic`
        has the members that `name__ic` would have; since 3.1 it has all the others. Nothing says
        so, and whatever acts on the group then acts on other objects.
    Fix: decide which members the group should have, and write the filter without a negation, so
        that both releases read it alike; or leave it and look at the group after the upgrade.
    """
    groups = require(data.negated_group_filters)
    if groups.count:
        yield Finding(
            severity=Severity.WARNING,
            subject="extras_dynamicgroup",
            message=(
                f"{plural(groups.count, 'dynamic group')} with a negated filter; after the "
                "upgrade the members are those that are none today."
            ),
            remediation=(
                "If the present members are the ones you want, take the negation out of "
                "the filter now; if not, see who uses the group before it gets the others."
            ),
            phase=Phase.RUNTIME,
            impact=Impact.UNKNOWN,
            evidence=groups.examples,
            references=(NOTES.format("3.1"),),
        )
