"""Rollback Planner from two files, without a Nautobot: what the rows are asked, nobody answers."""

from __future__ import annotations

import time
from dataclasses import replace

from .catalog.target import choose_target
from .configuration import Configuration, UsageError
from .destination import Given, Installed, destination
from .facts import Unavailable
from .plan.reverse import way_back
from .plan.undoing import undoing
from .plan.way_packages import unasked
from .report import Report
from .request import Understood, read_catalog
from .snapshot.file import Snapshot
from .weighing import Seen, weigh


def rollback_from(now: Snapshot, then: Snapshot, file: str = "", way: str = "") -> Report:
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
    asked = Understood(Configuration(now.instance), catalog, target, frozenset(), (), ())
    to = destination("", Given(then, file), facts.migrations, asked, Installed())
    back = way_back(facts.migrations, to.recorded)
    seen = Seen(
        facts,
        back,
        undoing(facts.migrations, back.undoes, facts.contents, to.contents),
        Unavailable("a file does not say what was written since"),
        frozen=None
        if isinstance(to.packages, Unavailable) or isinstance(facts.packages, Unavailable)
        else unasked(to.packages, facts.packages, "without a Nautobot no index is asked"),
    )
    return replace(weigh(seen, to, asked, way), seconds=time.monotonic() - started)
