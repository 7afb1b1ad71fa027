"""Capture a snapshot from outside, before an upgrade from a release that this App does not support.

The code of the target reads the tables, as in Preflight. The snapshot contains the rows and what
the interpreter of the installation describes. What only a process of the installed release knows
is left out with its reason.
"""

from __future__ import annotations

import platform
from collections.abc import Callable

from ..common.errors import UsageError
from ..facts import Unavailable
from ..target.installation import Installation
from .captured_snapshot import CapturedSnapshot, create_snapshot
from .context import RunRequest, read_catalog
from .outside import Reading, choose_supported_target, inspect_outside
from .outside_facts import FROM_INSIDE, ROW_TOPICS, build_facts
from .stage_timer import PREFLIGHT_STAGES, StageTimer

SNAPSHOT_TOPICS = (*ROW_TOPICS, "fingerprints", "schema")
OTHER_SECTIONS = frozenset({"installation", "settings"})
"""Sections of which the isolation of the target or the old tables hide a part."""
READING = Reading(topics=("migrations", *SNAPSHOT_TOPICS), statement_seconds=900, boot_seconds=3600)
"""All rows are read, so the limits are larger than those of Preflight."""


def capture_outside(
    request: RunRequest,
    installation: Installation,
    progress: Callable[[str], None] = lambda topic: None,
) -> CapturedSnapshot:
    """Capture the rows of an installation whose code this process does not load.

    Args:
        request: The target whose code reads the rows.
        installation: The installation, as its own interpreter describes it.
        progress: Called with each stage before it begins.

    Raises:
        UsageError: The request is invalid, or the rows cannot be read.
    """
    catalog = read_catalog()
    target = choose_supported_target(request, installation, catalog)
    timer = StageTimer(progress, PREFLIGHT_STAGES)
    state = inspect_outside(request, installation, target, timer, READING)
    facts = build_facts(state, catalog, SNAPSHOT_TOPICS)
    if isinstance(facts.fingerprints, Unavailable):
        raise UsageError(f"The rows cannot be read: {facts.fingerprints.reason}.")
    return create_snapshot(platform.node(), facts, _list_unknown(facts))


def _list_unknown(facts: object) -> frozenset[str]:
    """Return the topics that cannot be captured from outside, so that nothing is wrong."""
    unknown = (name for name, value in vars(facts).items() if value == FROM_INSIDE)
    return frozenset({*unknown, *OTHER_SECTIONS})
