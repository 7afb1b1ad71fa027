"""The backup from which the state before the upgrade can be restored."""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog.target_release import Target
from ...facts import Unavailable, or_none
from ...facts.trial_boot import TrialBoot
from ...migration_graph.history import MigrationHistory
from ...rollback.backup_check import NO_BACKUP, BackupEvidence
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..references import DATABASE_BACKUP
from ..registry import NotApplicable, check
from ..text import truncate_list

SUBJECT = "backup"
HOW_TO_NAME = (
    "Name a recent backup with --backup, or in the field Backup: a dump, the output of the backup "
    "program, or a statement 'who | when | id'. The backup procedure that you rely on in the "
    "maintenance window is then proven before it."
)


@check(phase=Phase.ROLLBACK, impact=Impact.DATA_LOSS, see=(DATABASE_BACKUP,))
def unproven(
    backup: BackupEvidence, target: Target, trial_boot: TrialBoot | Unavailable
) -> Iterator[Finding]:
    """A recent backup is proven to be complete.

    Why: after migrations have run, only a backup restores the state before the upgrade. A backup
        that was never verified is often incomplete.
    Fix: name a recent backup, so that Preflight can verify it.
    """
    if not _has_migrations(target, trial_boot):
        raise NotApplicable("no migration is pending, so the old packages are the rollback")
    if backup.contradictions:
        yield blocker(
            SUBJECT,
            "The named backup cannot restore the current state.",
            fix="Correct the backup procedure, make a new backup, and run Preflight again.",
            evidence=truncate_list(backup.contradictions),
        )
    elif backup == NO_BACKUP:
        yield warning(SUBJECT, "No backup is named, so none is verified.", fix=HOW_TO_NAME)
    elif not backup.is_proven:
        verified = f" Verified: {'; '.join(backup.evidence)}." if backup.evidence else ""
        yield warning(
            SUBJECT,
            f"The named backup is not proven.{verified}",
            fix="Restore the backup once elsewhere. Then accept this finding for that reason.",
            evidence=truncate_list(backup.unverified),
        )


def _has_migrations(target: Target, trial_boot: TrialBoot | Unavailable) -> bool:
    """Return whether the upgrade has migrations. True if it is unknown."""
    migrations = or_none(trial_boot.facts.migrations) if isinstance(trial_boot, TrialBoot) else None
    if migrations is not None:
        return bool(MigrationHistory(migrations).plan)
    return target.version != target.installed or bool(target.schema_release)
