"""What the migrations to come demand of the rows that are there."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Database, FactUnavailable, Tables, require
from ...facts.preconditions import PreconditionResult, Preconditions
from ...facts.trial_boot import TrialBoot
from ...migration_graph.cost_estimate import Share, estimate
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check
from ..text import format_duration, plural, truncate_list
from ..violation_text import describe_violation

OPERATIONS = "https://docs.djangoproject.com/en/5.2/ref/migration-operations/"
TARGET_IS_INSTALLED = "what is installed is the target"


@check()
def violated(trial_boot: TrialBoot, database: Database) -> Iterator[Finding]:
    """No row breaks what the migrations to come demand.

    Why: a constraint that becomes unique, a column that must not be empty or becomes shorter, a
        reference to a row that is gone: the database refuses the operation, and `migrate` stops in
        the middle, with some migrations committed.
    Fix: change or remove the rows that are named, before the upgrade.
    """
    preconditions = _require_preconditions(trial_boot)
    for one in preconditions.violated:
        if one.is_blocking:
            yield (
                _build_possibly_fixed_finding(one)
                if one.precondition.possibly_fixed_by
                else _build_violation_finding(
                    one, preconditions.migrations_planned, database.vendor == "mysql"
                )
            )


def _build_possibly_fixed_finding(one: PreconditionResult) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        subject=_format_subject(one),
        message=(
            f"{describe_violation(one)}: {one.precondition.migration}"
            f" ({one.precondition.operation}) refuses that, unless a migration before it changes"
            " these rows."
        ),
        remediation=(
            "Run the upgrade on a copy of the data: the migrations named run before, and "
            "their code names this model."
        ),
        phase=Phase.MIGRATE,
        impact=Impact.UNKNOWN,
        evidence=(*_sample_rows(one), *one.precondition.possibly_fixed_by),
        references=(OPERATIONS,),
    )


def _build_violation_finding(one: PreconditionResult, planned: int, keeps_half: bool) -> Finding:
    number = one.precondition.migrations_before
    stays = " What it did itself by then stays, too: MySQL takes no change of a table back."
    also = stays if keeps_half else ""
    return Finding(
        severity=Severity.BLOCKER,
        subject=_format_subject(one),
        message=(
            f"{describe_violation(one)}: {one.precondition.migration}"
            f" ({one.precondition.operation}) will stop, after {plural(number, 'migration')} of"
            f" {planned} {'is' if number == 1 else 'are'} committed.{also}"
        ),
        remediation="Change or remove these rows before the upgrade.",
        phase=Phase.MIGRATE,
        impact=Impact.OUTAGE,
        evidence=_sample_rows(one),
        references=(OPERATIONS,),
    )


def _sample_rows(one: PreconditionResult) -> tuple[str, ...]:
    return tuple(f"{one.precondition.table} {key}" for key in one.sample)


def _format_subject(one: PreconditionResult) -> str:
    return ".".join(
        filter(
            None,
            (one.precondition.table, "+".join(one.precondition.columns), one.precondition.name),
        )
    )


@check()
def truncated_values(trial_boot: TrialBoot) -> Iterator[Finding]:
    """No value is cut by the migrations to come.

    Why: where a migration changes the type of a column, PostgreSQL converts each value by a cast,
        and a cast to a shorter text cuts off what is too long, without a word.
    Fix: shorten the values that are named yourself, or save them first.
    """
    for one in _require_preconditions(trial_boot).violated:
        if one.affected_rows and one.precondition.kind == "cut":
            yield Finding(
                severity=Severity.WARNING,
                subject=_format_subject(one),
                message=(
                    f"{describe_violation(one)}: {one.precondition.migration}"
                    f" ({one.precondition.operation}) will cut them, without a word."
                ),
                remediation="Shorten these values before the upgrade, or save them.",
                phase=Phase.MIGRATE,
                impact=Impact.DATA_LOSS,
                evidence=_sample_rows(one),
                references=(OPERATIONS,),
            )


@check()
def dropped_values(trial_boot: TrialBoot) -> Iterator[Finding]:
    """No column or table that goes in the upgrade holds anything.

    Why: what a migration removes is gone with the first upgrade, and no way back but the backup has
        it; a migration before it carries over what the new release keeps.
    Fix: nothing, if the release notes tell where the values are from then on; else save them first.
    """
    gone = [
        one
        for one in _require_preconditions(trial_boot).violated
        if one.affected_rows and one.precondition.kind == "loses"
    ]
    if gone:
        yield Finding(
            severity=Severity.INFO,
            subject="columns",
            message=(
                f"{plural(len(gone), 'column')} with values will be removed, or "
                f"{'goes with its table' if len(gone) == 1 else 'go with their tables'}."
            ),
            remediation=(
                "Keep the backup until you have seen that what you need of them is where "
                "the release notes say."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            evidence=truncate_list(
                tuple(
                    f"{_format_subject(one)}: {plural(one.affected_rows, 'value')}, by"
                    f" {one.precondition.migration}"
                    for one in gone
                )
            ),
        )


@check()
def untested(trial_boot: TrialBoot) -> Iterator[Finding]:
    """Every demand of the migrations to come could be tried on the rows.

    Why: what was not tried may stop the migration.
    Fix: see the reason; most often a permission of the database role, or its statement timeout.
    """
    unknown = [
        one
        for one in _require_preconditions(trial_boot).violated
        if one.unknown_reason and one.precondition.kind != "loses"
    ]
    if unknown:
        raise FactUnavailable(
            "; ".join(
                f"{one.precondition.migration}, {_format_subject(one)}: {one.unknown_reason}"
                for one in unknown
            )
        )
    yield from ()


@check()
def migration_cost(trial_boot: TrialBoot, tables: Tables) -> Iterator[Finding]:
    """How long the migrations to come take, on what they work, and what they need of the disk.

    Why: while a table is written anew, or an index is built, nobody writes to it; a window that is
        too short ends with a migration that somebody kills.
    Fix: plan the window by the upper end, and measure on a copy of the data what is in between.
    """
    preconditions = _require_preconditions(trial_boot)
    if preconditions.migrations_planned:
        found = estimate(preconditions, tables)
        yield Finding(
            severity=Severity.INFO,
            subject="migrations",
            message=(
                f"{plural(preconditions.migrations_planned, 'migration')}: between"
                f" {_format_seconds(found.low)} and {_format_seconds(found.high)}, by the number of"
                f" rows, and up to {found.mebibytes} MiB of disk for what is written meanwhile."
            ),
            remediation="Plan the window by the upper end; a run on a copy of the data tells more.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            evidence=truncate_list(tuple(map(_describe_cost_item, found.shares))),
            references=(OPERATIONS,),
        )


def _format_seconds(seconds: float) -> str:
    whole = max(1, round(seconds))
    return plural(whole, "second") if whole < 100 else format_duration(round(seconds / 60))


def _describe_cost_item(one: Share) -> str:
    works = {
        "rewrite": "written anew, nobody reads it meanwhile",
        "scan": "read as a whole, nobody writes meanwhile",
        "index": "an index is built, nobody writes meanwhile",
        "code": "code works on its rows",
    }
    times = f", {one.times} times" if one.times > 1 else ""
    rows = f"{'' if one.table.exact else 'about '}{plural(one.table.rows, 'row')}"
    return f"{one.table.name} ({rows}): {works[one.work.kind]}{times}; {one.work.migration}"


def _require_preconditions(trial_boot: TrialBoot) -> Preconditions:
    if not trial_boot.is_separate_environment:
        raise NotApplicable(TARGET_IS_INSTALLED)
    return require(trial_boot.facts.preconditions)
