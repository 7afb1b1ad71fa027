"""What the migrations to come demand of the rows that are there."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Database, MissingFactError, Tables, known
from ...facts.booted import Booted
from ...facts.demands import Answer, Demands
from ...migration_graph.cost_estimate import Share, estimate
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check
from ..text import duration, plural, some
from ..violation_text import what

OPERATIONS = "https://docs.djangoproject.com/en/5.2/ref/migration-operations/"
SAME_CODE = "what is installed is the target"


@check()
def rows_comply(booted: Booted, database: Database) -> Iterator[Finding]:
    """No row breaks what the migrations to come demand.

    Why: a constraint that becomes unique, a column that must not be empty or becomes shorter, a
        reference to a row that is gone: the database refuses the operation, and `migrate` stops in
        the middle, with some migrations committed.
    Fix: change or remove the rows that are named, before the upgrade.
    """
    demands = _demands(booted)
    for one in demands.broken:
        if one.stops:
            yield (
                _may_be_mended(one)
                if one.demand.after
                else _stops(one, demands.planned, database.vendor == "mysql")
            )


def _may_be_mended(one: Answer) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        subject=_place(one),
        message=f"{what(one)}: {one.demand.migration} ({one.demand.operation}) refuses that, "
        "unless a migration before it changes these rows.",
        remediation="Run the upgrade on a copy of the data: the migrations named run before, and "
        "their code names this model.",
        phase=Phase.MIGRATE,
        impact=Impact.UNKNOWN,
        evidence=(*_rows(one), *one.demand.after),
        references=(OPERATIONS,),
    )


def _stops(one: Answer, planned: int, keeps_half: bool) -> Finding:
    number = one.demand.number
    stays = " What it did itself by then stays, too: MySQL takes no change of a table back."
    also = stays if keeps_half else ""
    return Finding(
        severity=Severity.BLOCKER,
        subject=_place(one),
        message=f"{what(one)}: {one.demand.migration} ({one.demand.operation}) will stop, after "
        f"{plural(number, 'migration')} of {planned} {'is' if number == 1 else 'are'} committed."
        f"{also}",
        remediation="Change or remove these rows before the upgrade.",
        phase=Phase.MIGRATE,
        impact=Impact.OUTAGE,
        evidence=_rows(one),
        references=(OPERATIONS,),
    )


def _rows(one: Answer) -> tuple[str, ...]:
    return tuple(f"{one.demand.table} {key}" for key in one.sample)


def _place(one: Answer) -> str:
    return ".".join(filter(None, (one.demand.table, "+".join(one.demand.columns), one.demand.name)))


@check()
def values_are_kept(booted: Booted) -> Iterator[Finding]:
    """No value is cut by the migrations to come.

    Why: where a migration changes the type of a column, PostgreSQL converts each value by a cast,
        and a cast to a shorter text cuts off what is too long, without a word.
    Fix: shorten the values that are named yourself, or save them first.
    """
    for one in _demands(booted).broken:
        if one.rows and one.demand.kind == "cut":
            yield Finding(
                severity=Severity.WARNING,
                subject=_place(one),
                message=f"{what(one)}: {one.demand.migration} ({one.demand.operation}) will cut "
                "them, without a word.",
                remediation="Shorten these values before the upgrade, or save them.",
                phase=Phase.MIGRATE,
                impact=Impact.DATA_LOSS,
                evidence=_rows(one),
                references=(OPERATIONS,),
            )


@check()
def values_that_go(booted: Booted) -> Iterator[Finding]:
    """No column or table that goes in the upgrade holds anything.

    Why: what a migration removes is gone with the first upgrade, and no way back but the backup has
        it; a migration before it carries over what the new release keeps.
    Fix: nothing, if the release notes tell where the values are from then on; else save them first.
    """
    gone = [one for one in _demands(booted).broken if one.rows and one.demand.kind == "loses"]
    if gone:
        yield Finding(
            severity=Severity.INFO,
            subject="columns",
            message=f"{plural(len(gone), 'column')} with values will be removed, or "
            f"{'goes with its table' if len(gone) == 1 else 'go with their tables'}.",
            remediation="Keep the backup until you have seen that what you need of them is where "
            "the release notes say.",
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            evidence=some(
                tuple(
                    f"{_place(one)}: {plural(one.rows, 'value')}, by {one.demand.migration}"
                    for one in gone
                )
            ),
        )


@check()
def tried(booted: Booted) -> Iterator[Finding]:
    """Every demand of the migrations to come could be tried on the rows.

    Why: what was not tried may stop the migration.
    Fix: see the reason; most often a permission of the database role, or its statement timeout.
    """
    unknown = [one for one in _demands(booted).broken if one.unknown and one.demand.kind != "loses"]
    if unknown:
        raise MissingFactError(
            "; ".join(f"{one.demand.migration}, {_place(one)}: {one.unknown}" for one in unknown)
        )
    yield from ()


@check()
def window(booted: Booted, tables: Tables) -> Iterator[Finding]:
    """How long the migrations to come take, on what they work, and what they need of the disk.

    Why: while a table is written anew, or an index is built, nobody writes to it; a window that is
        too short ends with a migration that somebody kills.
    Fix: plan the window by the upper end, and measure on a copy of the data what is in between.
    """
    demands = _demands(booted)
    if demands.planned:
        found = estimate(demands, tables)
        yield Finding(
            severity=Severity.INFO,
            subject="migrations",
            message=f"{plural(demands.planned, 'migration')}: between {_time(found.low)} and "
            f"{_time(found.high)}, by the number of rows, and up to {found.mebibytes} MiB of disk "
            "for what is written meanwhile.",
            remediation="Plan the window by the upper end; a run on a copy of the data tells more.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            evidence=some(tuple(map(_share, found.shares))),
            references=(OPERATIONS,),
        )


def _time(seconds: float) -> str:
    whole = max(1, round(seconds))
    return plural(whole, "second") if whole < 100 else duration(round(seconds / 60))


def _share(one: Share) -> str:
    works = {
        "rewrite": "written anew, nobody reads it meanwhile",
        "scan": "read as a whole, nobody writes meanwhile",
        "index": "an index is built, nobody writes meanwhile",
        "code": "code works on its rows",
    }
    times = f", {one.times} times" if one.times > 1 else ""
    rows = f"{'' if one.table.exact else 'about '}{plural(one.table.rows, 'row')}"
    return f"{one.table.name} ({rows}): {works[one.work.kind]}{times}; {one.work.migration}"


def _demands(booted: Booted) -> Demands:
    if not booted.built:
        raise NotApplicable(SAME_CODE)
    return known(booted.facts.demands)
