"""From what was seen to the ways back, weighed: what the live planner and that from files share."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import get_args

from ..app_settings import UsageError
from ..catalog import Catalog
from ..checks.findings import Severity
from ..checks.registry import checks_for
from ..checks.runner import judge
from ..facts import Facts, Unavailable, known
from ..facts.backup import Backup
from ..facts.frozen import Frozen
from ..facts.reversal import Reversal
from ..facts.storage import media_of
from ..facts.written import Written
from ..migration_graph.history import History
from ..migration_graph.partial_migration import Progress, begun
from ..migration_graph.reverse_plan import WayBack
from ..migration_graph.schema_diff import live_tables
from ..report import Report
from ..report.model import ASKS_STATE
from ..rollback.backup_check import NO_BACKUP, prove
from ..rollback.diagnosis import Diagnosis, diagnose
from ..rollback.options import Choice, Kind, Situation, recommended, ways
from ..rollback.package_set import Return
from ..runbook.container_commands import here
from ..runbook.rollback import steps_of
from ..runbook.upgrade import Step
from .context import Understood
from .report_builder import report_on
from .rollback_destination import Destination

WAYS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Seen:
    """What is known of the installation, and of what undoing would do to it."""

    facts: Facts
    way: WayBack
    reversal: Reversal | Unavailable
    written: Written | Unavailable
    backup: Backup | None = None
    frozen: Frozen | None = None
    """The packages to go back to; None if no list of them is installed."""
    state: str = ""
    """What a script can tell the database by; empty if nobody knows, and there is no script."""


def require_way(way: str) -> None:
    """Refuse a way that does not exist.

    Raises:
        UsageError: With those that do.
    """
    if way and way not in WAYS:
        raise UsageError(f"No such way: {way[:40]}. Known: {', '.join(WAYS)}.")


def weigh(seen: Seen, to: Destination, asked: Understood, way: str) -> Report:
    """Weigh the ways against each other, and write the steps of one.

    Args:
        seen: Where the way begins.
        to: Where it is to lead.
        asked: What the operator asked for.
        way: The one that the steps are for; the one that is advised if empty.
    """
    situation = Situation(
        diagnosis=_diagnosis(seen, asked),
        way=seen.way,
        reversal=seen.reversal,
        then=to.contents,
        written=seen.written,
        tables=seen.facts.tables,
        database=seen.facts.database,
        ahead=seen.facts.demands,
        volatile=_volatile(seen.facts, to, asked.catalog),
        apps=not to.is_whole,
    )
    choice = _choose(situation, way, to, seen)
    checks = checks_for("back")
    results = judge(seen.facts, asked.target, asked.catalog, asked.exclude, checks, choice=choice)
    return report_on(
        results,
        kind="rollback",
        release=asked.target.version,
        acceptances=asked.acceptances,
        catalog=asked.catalog,
        instance=asked.config.label,
        current=f"Nautobot {asked.target.installed}",
        migrations=None,
        target=to.label,
        choice=choice,
        steps=_steps(choice.chosen.kind, seen, to, asked.config.wheel_directory),
        constraints=seen.frozen.text if seen.frozen else "",
        state=seen.state,
        asks_state=_asks_state(seen.facts),
    )


def _asks_state(facts: Facts) -> str:
    runtime = facts.runtime
    return ASKS_STATE if isinstance(runtime, Unavailable) else here(ASKS_STATE, runtime)


def _diagnosis(seen: Seen, asked: Understood) -> Diagnosis:
    facts, migrations = seen.facts, known(seen.facts.migrations)
    half: tuple[Progress, ...] = ()
    if not isinstance(facts.schema, Unavailable) and not isinstance(facts.models, Unavailable):
        expected = facts.models.tables
        if not isinstance(expected, Unavailable):
            half = begun(History(migrations), live_tables(facts.schema), expected)
    steps = [one for one in checks_for("after") if one.topic == "aftercare"]
    left = [
        one.check
        for one in judge(facts, asked.target, asked.catalog, (), steps)
        if any(finding.severity is not Severity.INFO for finding in one.findings)
    ]
    return diagnose(migrations, seen.way, half, left)


def _choose(situation: Situation, way: str, to: Destination, seen: Seen) -> Choice:
    found = ways(situation)
    advised = recommended(found, situation.diagnosis)
    chosen = next((one for one in found if one.kind == way), advised)
    proof = NO_BACKUP
    if seen.backup:
        undoing = situation.reversal
        began = "" if isinstance(undoing, Unavailable) else undoing.began
        proof = prove(seen.backup, situation.then, began, situation.volatile)
    return Choice(
        situation.diagnosis, found, advised, chosen, bool(to.snapshot), proof, seen.frozen
    )


def _volatile(facts: Facts, to: Destination, catalog: Catalog | Unavailable) -> frozenset[str]:
    """Return the tables, of now and then, whose rows come and go, as Compare has them."""
    if isinstance(catalog, Unavailable):
        return frozenset()
    names = set[str]()
    if not isinstance(facts.tables, Unavailable):
        names |= {one.name for one in facts.tables.tables}
    if not isinstance(to.contents, Unavailable):
        names |= to.contents.tables.keys()
    patterns = [
        pattern
        for one in catalog.volatile
        if one.section == "contents" and (one.grows or one.comes_and_goes)
        for pattern in one.subjects
    ]
    return frozenset(
        name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)
    )


def _steps(kind: Kind, seen: Seen, to: Destination, wheel_directory: str) -> tuple[Step, ...]:
    """Return the runbook; none where nobody knows what runs here."""
    facts = seen.facts
    if isinstance(facts.runtime, Unavailable) or isinstance(facts.database, Unavailable):
        return ()
    back = Return(
        facts.runtime,
        facts.database,
        facts.packages,
        to.packages,
        seen.way.calls,
        to.release,
        to.snapshot,
        to.named,
        to.alone,
        wheel_directory,
        media_of(facts.storage),
    )
    return steps_of(kind, back)
