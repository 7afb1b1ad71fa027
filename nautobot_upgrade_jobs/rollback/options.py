"""The rollback options, and the choice of the recommended option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..facts import Database, Preconditions, TableFingerprints, Tables, Unavailable
from ..facts.changes_since import ChangesSince
from ..facts.pinned_packages import PinnedPackages
from ..facts.reversal import Reversal
from ..migration_graph.reverse_plan import ReversePlan
from ..upgrade.rehearsed import RehearsalEvidence
from .backup_check import NO_BACKUP, BackupEvidence
from .diagnosis import Diagnosis, UpgradeState
from .losses import DataLoss, ReverseFailure

OptionKind = Literal["reinstall", "roll_forward", "reverse_migrations", "restore_backup"]
TITLES: dict[OptionKind, str] = {
    "reinstall": "Reinstall the previous packages",
    "roll_forward": "Roll forward: finish the upgrade",
    "reverse_migrations": "Reverse the migrations",
    "restore_backup": "Restore the backup",
}


@dataclass(frozen=True)
class RollbackSituation:
    """The facts from which the rollback options are evaluated."""

    diagnosis: Diagnosis
    reverse_plan: ReversePlan
    reversal: Reversal | Unavailable
    baseline: TableFingerprints | Unavailable | None
    """The tables in the previous state. None if the current state is the previous state."""
    changes_since: ChangesSince | Unavailable
    """The changes since the previous state."""
    tables: Tables | Unavailable
    database: Database | Unavailable
    preconditions: Preconditions | Unavailable
    """The preconditions of the pending migrations."""
    volatile: frozenset[str] = frozenset()
    """Tables that change without a user's action."""
    apps_only: bool = False
    """Whether only Apps are rolled back."""
    rehearsal: RehearsalEvidence | None = None
    """A rehearsal of the upgrade and of the rollback."""


@dataclass(frozen=True)
class RollbackOption:
    """One way to reach a consistent state: by a rollback, or by rolling forward."""

    kind: OptionKind
    infeasible_reason: str = ""
    """Why the option is not possible here. Empty if it is possible."""
    losses: tuple[DataLoss, ...] = ()
    failure: ReverseFailure | None = None
    """The place where the option will fail. None if no failure is known."""
    point_of_no_return: str = ""
    """The first migration, in the order of the upgrade, after which reversing would fail or corrupt
    data. Empty if there is none."""
    unreversed_schema: tuple[str, ...] = ()
    """Harmless parts of the schema that stay as the newer release made them."""
    corrupts_data: bool = False
    """Whether the older release would run on wrong or missing data."""
    unknowns: tuple[str, ...] = ()
    """Possible failures and unknown facts."""
    prerequisites: tuple[str, ...] = ()
    """Files that must exist, and steps that must be done first."""
    seconds: tuple[float, float] | None = None
    """Lower and upper bound of the duration. None if unknown."""
    basis: str = ""
    """The basis of the estimate in seconds."""

    @property
    def title(self) -> str:
        """The name of the option in reports."""
        return TITLES[self.kind]

    @property
    def feasible(self) -> bool:
        """Whether the option works, as far as is known."""
        return not self.infeasible_reason and self.failure is None


@dataclass(frozen=True)
class RollbackDecision:
    """All options, with the recommended option and the chosen option."""

    diagnosis: Diagnosis
    options: tuple[RollbackOption, ...]
    """All options, the cheapest first, including options that are not possible here."""
    recommended: RollbackOption
    chosen: RollbackOption
    """The option that the steps are for."""
    has_snapshot: bool
    """Whether a snapshot describes the previous state."""
    backup: BackupEvidence = NO_BACKUP
    """The results of the verification of the given backup file."""
    pinned_packages: PinnedPackages | None = None
    """The previous packages, pinned. None if the steps install no list of packages."""


def recommend(options: tuple[RollbackOption, ...], diagnosis: Diagnosis) -> RollbackOption:
    """Choose the cheapest feasible option that corrupts nothing.

    A restore is the last choice, because it also loses what users wrote after the backup. Data that
    reversing removes is lost in a restore as well. Rolling forward is recommended only if all
    migrations are applied, and a pending post-upgrade step breaks something.
    """
    by_kind = {option.kind: option for option in options}
    if by_kind["reinstall"].feasible:
        return by_kind["reinstall"]
    if (
        by_kind["roll_forward"].feasible
        and diagnosis.state is UpgradeState.POST_UPGRADE_PENDING
        and not diagnosis.is_usable
    ):
        return by_kind["roll_forward"]
    reverse = by_kind["reverse_migrations"]
    if reverse.feasible and not reverse.corrupts_data and not reverse.unknowns:
        return reverse
    return by_kind["restore_backup"]
