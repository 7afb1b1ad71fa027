"""Plan a rollback from two snapshot files, without Nautobot. Rows cannot be tested."""

from __future__ import annotations

import time
from dataclasses import replace

from ..app_settings import Configuration
from ..catalog.target_release import choose_target
from ..common.errors import UsageError
from ..facts import Unavailable
from ..migration_graph.offline_reversal import reversal_from_snapshot
from ..migration_graph.reverse_plan import plan_reverse
from ..report import Report
from ..rollback.package_set import pins_without_index
from ..snapshot.file_format import Snapshot
from .context import RunContext, RunRequest, read_catalog
from .rollback_assessment import RollbackEvidence, assess_rollback
from .rollback_destination import parse_rollback_target
from .rollback_target import InstalledPackages, SnapshotArgument
from .snapshot_key import require_same_key


def plan_rollback_offline(
    current: Snapshot, previous: Snapshot, file: str = "", strategy: str = ""
) -> Report:
    """Evaluate the options for a rollback from one snapshot to an older snapshot.

    Args:
        current: The current state.
        previous: The previous state.
        file: File name of the older snapshot, for the steps.
        strategy: The option to plan. Empty for the recommended option.

    Raises:
        UsageError: The snapshots are of two installations, in the wrong order, or lack facts.
    """
    started = time.monotonic()
    _require_older_state(previous, current)
    facts = current.facts
    if isinstance(facts.migrations, Unavailable) or isinstance(facts.runtime, Unavailable):
        raise UsageError(
            "The current snapshot lacks the installed packages or the applied migrations."
        )
    catalog = read_catalog()
    target = choose_target(catalog, facts.runtime.nautobot, facts.runtime.nautobot)
    context = RunContext(
        RunRequest(), Configuration(current.instance), catalog, target, frozenset(), (), ()
    )
    prior = parse_rollback_target(
        "", SnapshotArgument(previous, file), facts.migrations, context, InstalledPackages()
    )
    reverse_plan = plan_reverse(facts.migrations, prior.recorded)
    evidence = RollbackEvidence(
        facts,
        reverse_plan,
        reversal_from_snapshot(
            facts.migrations, reverse_plan.migrations, facts.fingerprints, prior.fingerprints
        ),
        Unavailable("a snapshot does not contain what was written after it"),
        pinned_packages=None
        if isinstance(prior.packages, Unavailable) or isinstance(facts.packages, Unavailable)
        else pins_without_index(
            prior.packages, facts.packages, "no index is queried without Nautobot"
        ),
    )
    return replace(
        assess_rollback(evidence, prior, context, strategy), seconds=time.monotonic() - started
    )


def _require_older_state(previous: Snapshot, current: Snapshot) -> None:
    if previous.created >= current.created:
        raise UsageError(
            f"The previous snapshot, of {previous.created}, is not older than the current "
            f"snapshot, of {current.created}."
        )
    require_same_key(previous, current.facts)
