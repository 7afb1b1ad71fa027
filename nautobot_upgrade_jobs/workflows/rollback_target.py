"""The state to roll back to, and the installed packages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..common.errors import UsageError
from ..facts import App, Packages, TableFingerprints, Unavailable
from ..rollback.package_set import PriorState
from ..snapshot.file_format import Snapshot
from ..target.app_release import AppRelease

STATE_UNAVAILABLE = Unavailable("there is no snapshot of that state")


@dataclass(frozen=True)
class RollbackTarget(PriorState):
    """The state to roll back to."""

    label: str
    recorded: frozenset[str]
    """Keys of the migrations that are recorded in this state."""
    fingerprints: TableFingerprints | Unavailable
    packages: Packages | Unavailable
    as_of: datetime | None
    """The time of this state. None if unknown."""


@dataclass(frozen=True)
class SnapshotArgument:
    """A snapshot of the state to roll back to, if there is one."""

    snapshot: Snapshot | None = None
    file: str = ""
    """Name of the snapshot file, for the steps."""
    instance: str = ""
    """The name of this installation in the snapshot, if it differs."""


NO_SNAPSHOT = SnapshotArgument()


@dataclass(frozen=True)
class InstalledPackages:
    """The Apps and the packages, with a function that inspects other releases of an App."""

    apps: tuple[App, ...] = ()
    packages: Packages | Unavailable = STATE_UNAVAILABLE
    inspect: Callable[[str, str], AppRelease] = lambda requirement, module: _inspection_unavailable(
        requirement
    )
    """Returns the contents of a release for a requirement and its top-level package. Raises
    UsageError if the contents are unknown."""


def _inspection_unavailable(requirement: str) -> AppRelease:
    raise UsageError(f"{requirement}: a release cannot be inspected without Nautobot.")
