"""Read and write the snapshot file."""

from __future__ import annotations

from dataclasses import dataclass

from ..facts import Facts
from ..facts.facts_file import FactsFile


@dataclass(frozen=True)
class Snapshot:
    """The state of one installation at one time."""

    instance: str
    created: str
    """ISO 8601, UTC."""
    tool: str
    facts: Facts


SNAPSHOT_FILE = FactsFile(Snapshot, "snapshot")
dump, load = SNAPSHOT_FILE.dump, SNAPSHOT_FILE.load
