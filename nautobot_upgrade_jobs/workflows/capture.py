"""Capture a snapshot of this installation, for the Job and the command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path

from ..app_settings import Configuration, read_configuration
from ..checks.acceptance import AcceptanceError, accepted_absences, parse_acceptances
from ..collect import collect_facts
from ..common.errors import UsageError
from ..facts.fingerprints import FingerprintDepth
from .captured_snapshot import CapturedSnapshot, create_snapshot
from .snapshot_store import write_snapshot

DEFAULT_DEPTH: FingerprintDepth = "buckets"


def capture(
    progress: Callable[[str], None] = lambda topic: None,
    own_job_result: str = "",
    depth: FingerprintDepth = DEFAULT_DEPTH,
) -> CapturedSnapshot:
    """Capture the state of this installation.

    Args:
        progress: Called with each topic before it is collected.
        own_job_result: Primary key of the running JobResult.
        depth: Depth of the table fingerprints.

    Returns:
        The snapshot. If the App's settings name a ``snapshot_directory``, the file has also been
        written there.

    Raises:
        UsageError: The App's settings are invalid, or the file cannot be written.
    """
    config = read_configuration()
    facts = collect_facts(
        statement_timeout_seconds=config.snapshot_timeout_seconds,
        database_alias=config.database_alias,
        own_job_result=own_job_result,
        depth=depth,
        progress=progress,
    )
    accepted = _read_accepted_absences(config, datetime.now(timezone.utc).date())
    captured = create_snapshot(config.label, facts, accepted)
    if config.snapshot_directory:
        write_snapshot(Path(config.snapshot_directory), captured.name, captured.data)
    return captured


def _read_accepted_absences(config: Configuration, today: date) -> frozenset[str]:
    """Return what a snapshot may lack by the settings."""
    try:
        return accepted_absences(parse_acceptances(config.acceptances), today=today)
    except AcceptanceError as error:
        raise UsageError(str(error)) from None
