"""Rollback Planner from two files, without a Nautobot: what the rows are asked, nobody answers."""

from __future__ import annotations

import time
from dataclasses import replace

from ..app_settings import Configuration, UsageError
from ..catalog.target_release import choose_target
from ..facts import Unavailable
from ..migration_graph.offline_reversal import undoing
from ..migration_graph.reverse_plan import way_back
from ..report import Report
from ..rollback.package_set import unasked
from ..snapshot.file_format import Snapshot
from .context import RunContext, read_catalog
from .rollback_assessment import RollbackEvidence, assess_rollback
from .rollback_destination import InstalledPackages, SnapshotArgument, parse_rollback_target


def plan_rollback_offline(now: Snapshot, then: Snapshot, file: str = "", way: str = "") -> Report:
    """Weigh the ways from one snapshot back to an older one.

    Args:
        now: The state to begin at.
        then: The state to go back to.
        file: Name of the older one's file, for the steps.
        way: The way to take; the one that is advised if empty.

    Raises:
        UsageError: The snapshots are not of one installation, in this order, or do not say enough.
    """
    started = time.monotonic()
    if then.created >= now.created:
        raise UsageError(f"{file}: the state to go back to ({then.created}) is not the older one.")
    facts = now.facts
    if isinstance(facts.migrations, Unavailable) or isinstance(facts.runtime, Unavailable):
        raise UsageError("The snapshot of now does not say what is installed and applied.")
    catalog = read_catalog()
    target = choose_target(catalog, facts.runtime.nautobot, facts.runtime.nautobot)
    asked = RunContext(Configuration(now.instance), catalog, target, frozenset(), (), ())
    to = parse_rollback_target(
        "", SnapshotArgument(then, file), facts.migrations, asked, InstalledPackages()
    )
    back = way_back(facts.migrations, to.recorded)
    seen = RollbackEvidence(
        facts,
        back,
        undoing(facts.migrations, back.undoes, facts.fingerprints, to.fingerprints),
        Unavailable("a file does not say what was written since"),
        pinned_packages=None
        if isinstance(to.packages, Unavailable) or isinstance(facts.packages, Unavailable)
        else unasked(to.packages, facts.packages, "without a Nautobot no index is asked"),
    )
    return replace(assess_rollback(seen, to, asked, way), seconds=time.monotonic() - started)
