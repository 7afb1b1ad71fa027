"""The Job Rollback Planner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautobot.apps.jobs import ChoiceVar, FileVar, StringVar
from nautobot.extras.models import JobResult

from ..common.errors import UsageError
from ..permissions import ACCEPT_FINDINGS
from ..rollback.options import TITLES
from ..workflows.backup_argument import backup_of_form
from ..workflows.context import RunRequest
from ..workflows.rollback import plan_rollback
from ..workflows.rollback_target import SnapshotArgument
from ..workflows.snapshot_store import snapshot_file_name
from .base import JobDefaults, build_accept_field, build_backup_field
from .earlier_runs import find_rehearsals
from .snapshot_fields import SnapshotReader, SnapshotVar

if TYPE_CHECKING:
    from django.core.files import File

name = "Upgrade"


class RollbackPlanner(SnapshotReader):
    """Plan the rollback to an earlier state, and report which data each option loses."""

    snapshot_result = SnapshotVar(
        label="Roll back to: Job result",
        description="A run of Capture Snapshot or Compare Snapshots from before the upgrade. Only "
        "a snapshot records which data existed then. Leave blank to name a file or a release.",
    )
    snapshot_file = FileVar(
        label="Roll back to: file",
        description="A downloaded snapshot, such as snapshot-….json.gz, instead of a Job result.",
        required=False,
    )
    to = StringVar(
        label="Roll back to: release",
        description="Without a snapshot: a release such as 2.4.44, releases of Apps such as "
        "nautobot-ssot==4.7.0, or an App and its last migration to keep, such as "
        "'nautobot_ssot zero' to keep none. Leave blank if you name a snapshot.",
        required=False,
        default="",
    )
    strategy = ChoiceVar(
        label="Strategy",
        description="The rollback option to write the steps for. Leave blank to use the "
        "recommended option.",
        choices=(("", "Recommended"), *TITLES.items()),
        required=False,
        default="",
    )
    backup = build_backup_field("The backup from before the upgrade")
    instance = StringVar(
        label="Instance name in the snapshot",
        description="The earlier name of this installation, such as lab. Leave blank if the "
        "name has not changed since the snapshot.",
        required=False,
        default="",
    )
    accept = build_accept_field()

    class Meta(JobDefaults):
        """Name, description and field order in Nautobot."""

        name = "Rollback Planner"
        description = (
            "How do I roll back, and what is lost? Determines which data the reversal of each "
            "migration would remove, compares this with rolling forward and with restoring the "
            "backup, and writes the steps. Changes nothing."
        )
        field_order = (
            "snapshot_result",
            "snapshot_file",
            "to",
            "strategy",
            "backup",
            "instance",
            "accept",
        )

    def run(  # noqa: PLR0913 - one for each field of the form
        self,
        *,
        snapshot_result: JobResult | None = None,
        snapshot_file: File[bytes] | None = None,
        to: str = "",
        strategy: str = "",
        backup: str = "",
        instance: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        """Plan the rollback and publish the report."""
        request = RunRequest(
            target=to or "",
            accept=accept or "",
            may_accept=self.user_has_permission(ACCEPT_FINDINGS),
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
            rehearsals=tuple(find_rehearsals(self)),
        )
        try:
            snapshot = self.load_snapshot("Roll back to", snapshot_result, snapshot_file)
            file = snapshot_file_name(snapshot) if snapshot else ""
            report = plan_rollback(
                request,
                self.log_progress,
                given=SnapshotArgument(snapshot, file, instance or ""),
                strategy=strategy or "",
                backup=backup_of_form(backup or ""),
            )
        except UsageError as error:
            return self.refuse(str(error))
        return self.publish(report)
