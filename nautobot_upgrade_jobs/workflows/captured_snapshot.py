"""A snapshot that was just captured, and what it lacks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timezone

from .. import __version__
from ..common.errors import UsageError
from ..common.sealed_file import SealedFileError
from ..facts import Facts, Unavailable
from ..snapshot.file_format import Snapshot, dump
from ..snapshot.listing_diff import uncaptured_sections
from .snapshot_store import snapshot_file_name


@dataclass(frozen=True)
class CapturedSnapshot:
    """A snapshot and the content of its file."""

    snapshot: Snapshot
    data: bytes
    name: str
    """``snapshot-<instance>-<UTC>.json.gz``."""
    accepted: frozenset[str] = frozenset()
    """Topics and sections whose absence is accepted in the settings."""

    @property
    def sha256(self) -> str:
        """Digest of the file, as ``sha256sum`` prints it."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def missing(self) -> dict[str, str]:
        """Sections that could not be captured and were not accepted, each with the reason."""
        facts = self.snapshot.facts
        missing = {
            topic: value.reason
            for topic in Facts.topics()
            if isinstance(value := getattr(facts, topic), Unavailable)
        }
        for section, reason in uncaptured_sections(facts):
            if section.partition(".")[0] not in missing:
                missing[section] = reason
        if not isinstance(facts.fingerprints, Unavailable):
            for table, value in facts.fingerprints.tables.items():
                if isinstance(value, Unavailable):
                    missing[f"fingerprints of {table}"] = value.reason
        return {name: reason for name, reason in missing.items() if name not in self.accepted}

    @property
    def rows(self) -> int:
        """Number of rows of all tables that were captured."""
        contents = self.snapshot.facts.fingerprints
        if isinstance(contents, Unavailable):
            return 0
        tables = contents.tables.values()
        return sum(table.rows for table in tables if not isinstance(table, Unavailable))


def build_snapshot(instance: str, facts: Facts) -> Snapshot:
    """Return facts that were just collected as a snapshot."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Snapshot(instance, now, f"nautobot-upgrade-jobs {__version__}", facts)


def create_snapshot(instance: str, facts: Facts, accepted: frozenset[str]) -> CapturedSnapshot:
    """Return the snapshot of facts that were just collected.

    Args:
        instance: The name of the installation.
        facts: The facts.
        accepted: Topics and sections whose absence is accepted.

    Raises:
        UsageError: The file would be larger than its reader accepts.
    """
    snapshot = build_snapshot(instance, facts)
    try:
        data = dump(snapshot)
    except SealedFileError as error:
        raise UsageError(str(error)) from None
    return CapturedSnapshot(snapshot, data, snapshot_file_name(snapshot), accepted)
