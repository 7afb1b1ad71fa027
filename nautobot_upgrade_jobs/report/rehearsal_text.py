"""A rehearsal in words and numbers, for all formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..common.text import plural
from ..facts import Unavailable
from ..facts.rehearsal import Copy, MigrateRun, MigrationRun, Rehearsal, Reverse

LONGEST = 15
"""Number of migrations that a report lists. The JSON report has all."""
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class TimedPart:
    """A stage or a migration, with its time on the axis of its chart."""

    name: str
    begin: float
    seconds: float
    details: str = ""
    has_failed: bool = False


def list_stages(rehearsal: Rehearsal) -> tuple[TimedPart, ...]:
    """Return the stages in their order, one after the other."""
    parts: list[TimedPart] = []
    for stage in rehearsal.stages:
        begin = parts[-1].begin + parts[-1].seconds if parts else 0.0
        parts.append(
            TimedPart(stage.name, begin, stage.seconds, stage.problem, bool(stage.problem))
        )
    return tuple(parts)


def list_longest_migrations(rehearsal: Rehearsal) -> tuple[TimedPart, ...]:
    """Return the migrations that took longest, in the order of the upgrade."""
    if isinstance(rehearsal.forward, Unavailable):
        return ()
    begin, parts = 0.0, []
    for run in rehearsal.forward.migrations:
        parts.append(TimedPart(run.migration, begin, run.seconds, _describe(run)))
        begin += run.seconds
    if (stop := rehearsal.forward.stop) and stop.migration:
        parts.append(TimedPart(stop.migration, begin, 0.0, "fails", has_failed=True))
    longest = sorted(parts, key=lambda part: (not part.has_failed, -part.seconds))[:LONGEST]
    return tuple(sorted(longest, key=lambda part: part.begin))


def _describe(run: MigrationRun) -> str:
    growth = f"{run.growth_bytes / MEBIBYTE:+.1f} MiB"
    return f"{run.cpu_seconds:.1f} s CPU, {plural(run.rows, 'row')}, {growth}"


def describe_rest(rehearsal: Rehearsal) -> str:
    """Return the number and the time of the migrations that are not listed. Empty if all are."""
    if isinstance(rehearsal.forward, Unavailable):
        return ""
    listed = {part.name for part in list_longest_migrations(rehearsal)}
    rest = [each for each in rehearsal.forward.migrations if each.migration not in listed]
    if not rest:
        return ""
    seconds = sum(each.seconds for each in rest)
    return f"{plural(len(rest), 'further migration')}: {seconds:.1f} s together"


def list_facts(rehearsal: Rehearsal) -> Iterator[tuple[str, str]]:
    """Yield what was measured, each with its name."""
    copy, forward = rehearsal.copy, rehearsal.forward
    if not isinstance(copy, Unavailable):
        yield "Copy", _describe_copy(copy)
    if not isinstance(forward, Unavailable):
        yield "Upgrade", _describe_upgrade(forward)
    if rehearsal.predicted_seconds:
        low, high = rehearsal.predicted_seconds
        yield "Predicted", f"{low:.0f} to {high:.0f} s for the migrations"
    if not isinstance(rehearsal.restore, Unavailable):
        restore = rehearsal.restore
        yield (
            "Backup and restore",
            f"backed up in {restore.dump_seconds:.1f} s, restored in {restore.seconds:.1f} s, "
            f"{restore.dump_bytes / MEBIBYTE:.1f} MiB",
        )
    if isinstance(rehearsal.reverse, Reverse):
        run = rehearsal.reverse.run
        outcome = "failed" if run.stop else "succeeded"
        yield (
            "Reverse",
            f"{outcome} after {plural(len(run.migrations), 'migration')} and {run.seconds:.1f} s"
            f"{_describe_again(rehearsal.reverse.again)}",
        )
    if not isinstance(rehearsal.pages, Unavailable):
        pages = rehearsal.pages
        rest = f", {pages.left_out} left out for lack of time" if pages.left_out else ""
        failed = f"{len(pages.failures)} fail" if pages.failures else "none fails"
        opened = plural(pages.opened, "page")
        yield "Pages", f"{opened} opened in {pages.seconds:.0f} s{rest}, {failed}"
    if rehearsal.cores:
        yield "Host", f"{plural(rehearsal.cores, 'core')}, load {rehearsal.load:.1f} at the start"


def _describe_copy(copy: Copy) -> str:
    size = (
        f"{plural(copy.rows, 'row')} of {plural(copy.tables, 'table')}, "
        f"{copy.size_bytes / MEBIBYTE:.0f} MiB"
    )
    place = f", as {copy.server}" if copy.server else ""
    if copy.exists_before:
        return f"{size}, which existed before{place}"
    source = f"the backup {copy.backup}" if copy.backup else "the live database"
    return f"{size}, of {source} in {copy.seconds:.1f} s{place}"


def _describe_again(again: MigrateRun | None) -> str:
    if again is None:
        return ""
    if again.interruption:
        return "; the second upgrade was interrupted"
    outcome = "failed" if again.stop else "succeeded"
    return f"; the second upgrade {outcome} after {again.seconds:.1f} s"


def _describe_upgrade(forward: MigrateRun) -> str:
    migrations = sum(each.seconds for each in forward.migrations)
    growth = sum(each.growth_bytes for each in forward.migrations) / MEBIBYTE
    memory = max((each.mebibytes for each in forward.migrations), default=0)
    state = "complete with" if forward.is_complete else "stopped after"
    return (
        f"{state} {plural(len(forward.migrations), 'migration')} in {migrations:.1f} s, "
        f"{forward.seconds:.1f} s with the start and the steps after them; the database grew by "
        f"{growth:.1f} MiB; the process used {memory} MiB"
    )
