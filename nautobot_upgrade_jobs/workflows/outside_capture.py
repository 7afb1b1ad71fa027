"""Capture a snapshot from outside.

The installed release reads its own rows if this App supports it. Otherwise the code of the target
does, as in Preflight. What only a process with the live settings and services knows is left out
with its reason.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace

from ..catalog import Catalog
from ..common.errors import UsageError
from ..facts import Facts, Unavailable
from ..target.installation import Installation
from ..target.old_release import evaluate_filters
from .captured_snapshot import CapturedSnapshot, create_snapshot
from .context import RunRequest, read_catalog
from .outside import Reading, choose_supported_target, inspect_outside
from .outside_facts import FROM_INSIDE, ROW_TOPICS, OutsideState, build_facts
from .outside_installed import (
    BOOT_SECONDS,
    COMPARED_TOPICS,
    STATEMENT_SECONDS,
    is_supported,
    read_installed,
)
from .stage_timer import PREFLIGHT_STAGES, StageTimer

SNAPSHOT_TOPICS = (*ROW_TOPICS, "fingerprints", "schema")
OTHER_SECTIONS = frozenset({"installation", "settings", "filter_results.saved_views"})
"""Sections of which the isolation of the target, the old tables or the old code hide a part."""
READING = Reading(("migrations", *SNAPSHOT_TOPICS), STATEMENT_SECONDS, BOOT_SECONDS)


def capture_outside(
    request: RunRequest,
    installation: Installation,
    progress: Callable[[str], None] = lambda topic: None,
) -> CapturedSnapshot:
    """Capture the rows of an installation whose code this process does not load.

    Args:
        request: The target whose code reads the rows, if it is named.
        installation: The installation, as its own interpreter describes it.
        progress: Called with each stage before it begins.

    Raises:
        UsageError: The request is invalid, or the rows cannot be read.
    """
    if not request.target and is_supported(installation):
        facts = read_installed(installation, COMPARED_TOPICS, StageTimer(progress))
    else:
        facts = _read_with_target(request, installation, progress)
    if isinstance(facts.fingerprints, Unavailable):
        raise UsageError(f"The rows cannot be read: {facts.fingerprints.reason}.")
    return create_snapshot(platform.node(), facts, _list_unknown(facts))


def _read_with_target(
    request: RunRequest, installation: Installation, progress: Callable[[str], None]
) -> Facts:
    """Build the target, and return what its code reads of the rows of the installation."""
    catalog = read_catalog()
    target = choose_supported_target(request, installation, catalog)
    timer = StageTimer(progress, PREFLIGHT_STAGES)
    return describe_old_state(
        inspect_outside(request, installation, target, timer, READING), catalog
    )


def describe_old_state(state: OutsideState, catalog: Catalog | Unavailable) -> Facts:
    """Return the rows of an old release that the target has read, and the results of its filters.

    Args:
        state: The installation and the trial boot of the target.
        catalog: The catalog, with the migrations of the installed release.
    """
    facts = build_facts(state, catalog, SNAPSHOT_TOPICS)
    filter_results = evaluate_filters(state.installation)
    # The isolation of the target has replaced settings.
    return replace(facts, filter_results=filter_results, settings=FROM_INSIDE)


def _list_unknown(facts: object) -> frozenset[str]:
    """Return the topics that cannot be captured from outside, so that nothing is wrong."""
    unknown = (name for name, value in vars(facts).items() if value == FROM_INSIDE)
    return frozenset({*unknown, *OTHER_SECTIONS})
