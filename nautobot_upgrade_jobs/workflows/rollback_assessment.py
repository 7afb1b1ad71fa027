"""From what was seen to the ways back, weighed: what the live planner and that from files share."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import get_args

from ..app_settings import UsageError
from ..catalog import Catalog
from ..checks.findings import Severity
from ..checks.registry import checks_for_stage
from ..checks.runner import run_checks
from ..facts import Facts, Unavailable, require
from ..facts.backup_file import Backup
from ..facts.changes_since import ChangesSince
from ..facts.pinned_packages import PinnedPackages
from ..facts.reversal import Reversal
from ..facts.storage import media_root
from ..migration_graph.history import History
from ..migration_graph.partial_migration import Progress, begun
from ..migration_graph.reverse_plan import WayBack
from ..migration_graph.schema_diff import live_tables
from ..report import Report
from ..report.model import STATE_COMMAND
from ..rollback.backup_check import NO_BACKUP, prove
from ..rollback.diagnosis import Diagnosis, diagnose
from ..rollback.options import Choice, Kind, Situation, recommended, ways
from ..rollback.package_set import Return
from ..runbook.container_commands import here
from ..runbook.rollback import steps_of
from ..runbook.upgrade import Step
from .context import RunContext
from .report_builder import build_report
from .rollback_destination import RollbackTarget

ROLLBACK_OPTIONS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class RollbackEvidence:
    """What is known of the installation, and of what undoing would do to it."""

    facts: Facts
    reverse_plan: WayBack
    reversal: Reversal | Unavailable
    changes_since: ChangesSince | Unavailable
    backup: Backup | None = None
    pinned_packages: PinnedPackages | None = None
    """The packages to go back to; None if no list of them is installed."""
    database_state: str = ""
    """What a script can tell the database by; empty if nobody knows, and there is no script."""


def require_option(way: str) -> None:
    """Refuse a way that does not exist.

    Raises:
        UsageError: With those that do.
    """
    if way and way not in ROLLBACK_OPTIONS:
        raise UsageError(f"No such way: {way[:40]}. Known: {', '.join(ROLLBACK_OPTIONS)}.")


def assess_rollback(
    seen: RollbackEvidence, to: RollbackTarget, asked: RunContext, way: str
) -> Report:
    """Weigh the ways against each other, and write the steps of one.

    Args:
        seen: Where the way begins.
        to: Where it is to lead.
        asked: What the operator asked for.
        way: The one that the steps are for; the one that is advised if empty.
    """
    situation = Situation(
        diagnosis=_diagnose_upgrade(seen, asked),
        way=seen.reverse_plan,
        reversal=seen.reversal,
        then=to.fingerprints,
        written=seen.changes_since,
        tables=seen.facts.tables,
        database=seen.facts.database,
        ahead=seen.facts.preconditions,
        volatile=_find_volatile_tables(seen.facts, to, asked.catalog),
        apps=not to.is_whole,
    )
    choice = _decide(situation, way, to, seen)
    checks = checks_for_stage("rollback")
    results = run_checks(
        seen.facts, asked.target, asked.catalog, asked.exclude, checks, choice=choice
    )
    return build_report(
        results,
        kind="rollback",
        release=asked.target.version,
        acceptances=asked.acceptances,
        catalog=asked.catalog,
        instance=asked.config.label,
        current=f"Nautobot {asked.target.installed}",
        migrations=None,
        target=to.label,
        rollback_decision=choice,
        steps=_build_steps(choice.chosen.kind, seen, to, asked.config.wheel_directory),
        constraints=seen.pinned_packages.requirements if seen.pinned_packages else "",
        database_state=seen.database_state,
        state_command=_build_state_command(seen.facts),
    )


def _build_state_command(facts: Facts) -> str:
    runtime = facts.runtime
    return STATE_COMMAND if isinstance(runtime, Unavailable) else here(STATE_COMMAND, runtime)


def _diagnose_upgrade(seen: RollbackEvidence, asked: RunContext) -> Diagnosis:
    facts, migrations = seen.facts, require(seen.facts.migrations)
    half: tuple[Progress, ...] = ()
    if not isinstance(facts.schema, Unavailable) and not isinstance(
        facts.expected_schema, Unavailable
    ):
        expected = facts.expected_schema.tables
        if not isinstance(expected, Unavailable):
            half = begun(History(migrations), live_tables(facts.schema), expected)
    steps = [one for one in checks_for_stage("verify") if one.topic == "post_upgrade"]
    left = [
        one.check
        for one in run_checks(facts, asked.target, asked.catalog, (), steps)
        if any(finding.severity is not Severity.INFO for finding in one.findings)
    ]
    return diagnose(migrations, seen.reverse_plan, half, left)


def _decide(situation: Situation, way: str, to: RollbackTarget, seen: RollbackEvidence) -> Choice:
    found = ways(situation)
    advised = recommended(found, situation.diagnosis)
    chosen = next((one for one in found if one.kind == way), advised)
    proof = NO_BACKUP
    if seen.backup:
        undoing = situation.reversal
        began = "" if isinstance(undoing, Unavailable) else undoing.first_applied
        proof = prove(seen.backup, situation.then, began, situation.volatile)
    return Choice(
        situation.diagnosis, found, advised, chosen, bool(to.snapshot), proof, seen.pinned_packages
    )


def _find_volatile_tables(
    facts: Facts, to: RollbackTarget, catalog: Catalog | Unavailable
) -> frozenset[str]:
    """Return the tables, of now and then, whose rows come and go, as Compare has them."""
    if isinstance(catalog, Unavailable):
        return frozenset()
    names = set[str]()
    if not isinstance(facts.tables, Unavailable):
        names |= {one.name for one in facts.tables.tables}
    if not isinstance(to.fingerprints, Unavailable):
        names |= to.fingerprints.tables.keys()
    patterns = [
        pattern
        for one in catalog.volatile_data
        if one.section == "fingerprints" and (one.growth_only or one.fluctuates)
        for pattern in one.subjects
    ]
    return frozenset(
        name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)
    )


def _build_steps(
    kind: Kind, seen: RollbackEvidence, to: RollbackTarget, wheel_directory: str
) -> tuple[Step, ...]:
    """Return the runbook; none where nobody knows what runs here."""
    facts = seen.facts
    if isinstance(facts.runtime, Unavailable) or isinstance(facts.database, Unavailable):
        return ()
    back = Return(
        facts.runtime,
        facts.database,
        facts.packages,
        to.packages,
        seen.reverse_plan.calls,
        to.release,
        to.snapshot,
        to.named,
        to.alone,
        wheel_directory,
        media_root(facts.storage),
    )
    return steps_of(kind, back)
