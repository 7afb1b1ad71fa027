"""Stored filters whose result a pending migration changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...common.text import plural
from ...facts import Listing, require
from ...facts.filter_results import FILTER_KINDS
from ...facts.migration_code import MigrationCode
from ...facts.trial_boot import TrialBoot
from ..build import info
from ..findings import Finding, Impact, Phase
from ..planned_upgrade import require_preconditions
from ..references import MIGRATION_OPERATIONS
from ..registry import check


@check(phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(MIGRATION_OPERATIONS,))
def rewritten_fields(trial_boot: TrialBoot) -> Iterator[Finding]:
    """No pending migration rewrites a field that a stored filter reads.

    Why: Preflight runs the filters of the target on the rows before the migrations. If the code of
        a migration then changes these rows, a group can get other members, and a permission can
        apply to other objects.
    Fix: note the number of objects, and compare it after the upgrade. Compare Snapshots does this.
    """
    code = require_preconditions(trial_boot).code
    current = require(trial_boot.current_filter_results)
    target = require(trial_boot.facts.filter_results)
    for section, kind in FILTER_KINDS.items():
        now, then = require(getattr(current, section)), require(getattr(target, section))
        for name in sorted(_same_selections(now, then)):
            if found := tuple(_rewritten(then.fields.get(name, ()), code)):
                yield info(
                    f"{kind} {name}",
                    f"The {kind} '{name}' selects {plural(now.counts[name], 'object')} now. A "
                    "pending migration changes fields that this filter reads, so the number after "
                    "the upgrade is not known.",
                    fix="After the upgrade, count the objects again. If a difference is not "
                    "intended, change the filter.",
                    evidence=found,
                )


def _same_selections(now: Listing, then: Listing) -> Iterator[str]:
    """Yield the names whose objects are the same before the migrations."""
    return (name for name in now.counts if then.items.get(name) == now.items[name])


def _rewritten(fields: Iterable[str], code: Iterable[MigrationCode]) -> Iterator[str]:
    """Yield each field that code may write, with the migration."""
    for field in fields:
        model, _, name = field.rpartition(".")
        for each in code:
            is_written = each.writes_unknown_fields or name in each.fields
            if model in each.models and is_written:
                yield f"{each.migration}: {field}"
