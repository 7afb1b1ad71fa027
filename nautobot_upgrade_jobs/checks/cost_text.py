"""Describe the estimated cost of pending migrations."""

from __future__ import annotations

from ..facts import Runtime, Unavailable
from ..facts.preconditions import COST_TEXTS, CostKind, Lock
from ..migration_graph.cost_estimate import CostItem
from .text import format_duration, plural


def describe_load(host: Runtime | Unavailable) -> tuple[str, ...]:
    """Return the load of the host. On a busy host, migrations take longer than estimated."""
    if isinstance(host, Unavailable) or not host.cores:
        return ()
    return (f"The host has {plural(host.cores, 'core')} and a load of {host.load:.1f}.",)


def format_seconds(seconds: float) -> str:
    """Return a duration in seconds, or in minutes and hours if it is longer."""
    whole = max(1, round(seconds))
    return plural(whole, "second") if whole < 100 else format_duration(round(seconds / 60))


def describe_cost_item(item: CostItem) -> str:
    """Return the work on a table, with its rows and its first migration."""
    cost, count = item.operation_cost, item.operation_count
    text = COST_TEXTS[CostKind(cost.kind)][Lock(cost.lock)]
    rows = f"{'' if item.table.exact else 'about '}{plural(item.table.rows, 'row')}"
    total = f" (the first of {count} such operations)" if count > 1 else ""
    return f"{item.table.name} ({rows}): {cost.migration} {text}{total}"
