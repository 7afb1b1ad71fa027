"""How do I get back, and what is lost?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautobot.apps.jobs import ChoiceVar, FileVar, StringVar, TextVar
from nautobot.extras.models import JobResult

from ..app_settings import UsageError
from ..permissions import ACCEPT_FINDINGS
from ..rollback.options import TITLES
from ..workflows.context import RunRequest
from ..workflows.rollback import plan_rollback
from ..workflows.rollback_destination import SnapshotArgument
from .base import SOFT_TIME_LIMIT_SECONDS, TIME_LIMIT_SECONDS
from .snapshot_fields import SnapshotReader, SnapshotVar

if TYPE_CHECKING:
    from django.core.files import File

name = "Upgrade"


class RollbackPlanner(SnapshotReader):
    """Plans the way back to an earlier state, and says what each way loses."""

    snapshot_result = SnapshotVar(
        label="Back to: the result of a run",
        description="A run of Capture Snapshot or Compare Snapshots from before the upgrade: it "
        "alone says what was there.",
    )
    snapshot_file = FileVar(
        label="Back to: or a file",
        description="A snapshot-….json.gz, kept since then.",
        required=False,
    )
    to = StringVar(
        label="Back to: or a name",
        description="Without a snapshot: a release such as 2.4.44, releases of Apps such as "
        "nautobot-ssot==4.7.0, or an App and the last of its migrations that stays, such as "
        "'nautobot_ssot zero'.",
        required=False,
        default="",
    )
    way = ChoiceVar(
        label="Way",
        description="The one that the steps are for. Blank: the one that is advised.",
        choices=(("", "the advised one"), *TITLES.items()),
        required=False,
        default="",
    )
    instance = StringVar(
        label="Name in the snapshot",
        description="If this installation was called otherwise when the snapshot was captured.",
        required=False,
        default="",
    )
    accept = TextVar(
        label="Findings to accept",
        description="One a line: finding key | reason | until (YYYY-MM-DD).",
        required=False,
        default="",
    )

    class Meta:
        """How Nautobot shows and runs the Job."""

        name = "Rollback Planner"
        description = (
            "How do I get back, and what is lost? Looks at what each migration would take with it "
            "if it were undone, weighs that against finishing forward and against the backup, and "
            "writes the steps. Nothing is changed."
        )
        read_only = True
        has_sensitive_variables = False
        soft_time_limit = SOFT_TIME_LIMIT_SECONDS
        time_limit = TIME_LIMIT_SECONDS
        field_order = ("snapshot_result", "snapshot_file", "to", "way", "instance", "accept")

    def run(  # noqa: PLR0913 - one for each field of the form
        self,
        *,
        snapshot_result: JobResult | None = None,
        snapshot_file: File | None = None,
        to: str = "",
        way: str = "",
        instance: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        """Collect, weigh and publish."""
        request = RunRequest(
            target=to or "",
            accept=accept or "",
            may_accept=self.user_has_permission(ACCEPT_FINDINGS),
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
        )
        try:
            found = self.load_snapshot("Back to", snapshot_result, snapshot_file)
            file = f"snapshot-{found.instance}.json.gz" if found else ""
            report = plan_rollback(
                request,
                self.log_progress,
                given=SnapshotArgument(found, file, instance or ""),
                way=way or "",
            )
        except UsageError as error:
            return self.refuse(str(error))
        return self.publish(report)
