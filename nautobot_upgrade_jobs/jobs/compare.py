"""The Job Compare Snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautobot.apps.jobs import FileVar
from nautobot.extras.models import JobResult

from ..common.errors import UsageError
from ..snapshot.file_format import Snapshot
from ..workflows.capture import capture
from ..workflows.compare import compare_snapshots, read_configured_acceptances
from .base import JobDefaults
from .snapshot_fields import SnapshotReader, SnapshotVar

if TYPE_CHECKING:
    from django.core.files import File

name = "Upgrade"


class CompareSnapshots(SnapshotReader):
    """Compare two snapshots, or one snapshot with the current state."""

    before = SnapshotVar(
        label="Before: Job result",
        description="A run of Capture Snapshot or Compare Snapshots. Leave this and the file blank "
        "to use the newest snapshot.",
    )
    before_file = FileVar(
        label="Before: file",
        description="A downloaded snapshot, such as snapshot-….json.gz, instead of a Job result.",
        required=False,
    )
    after = SnapshotVar(
        label="After: Job result",
        description="A run of Capture Snapshot or Compare Snapshots. Leave this and the file blank "
        "to capture the current state and compare with it.",
    )
    after_file = FileVar(
        label="After: file",
        description="A downloaded snapshot, such as snapshot-….json.gz, instead of a Job result.",
        required=False,
    )

    class Meta(JobDefaults):
        """Name, description and field order in Nautobot."""

        name = "Compare Snapshots"
        description = (
            "Reports what changed between two snapshots: expected changes, unexplained changes "
            "and losses. With all fields blank, it compares the newest snapshot with the current "
            "state. Scheduled daily, it reports what changed since yesterday."
        )
        field_order = ("before", "before_file", "after", "after_file")

    def run(
        self,
        *,
        before: JobResult | None = None,
        before_file: File[bytes] | None = None,
        after: JobResult | None = None,
        after_file: File[bytes] | None = None,
    ) -> dict[str, Any]:
        """Load the two snapshots, compare them and publish the report."""
        try:
            newer = self.load_snapshot("after", after, after_file)
            older = self.load_snapshot("before", before, before_file) or self.find_latest_before(
                newer
            )
            newer = newer or self._capture_current()
            if older is None:
                return self._fail_without_baseline()
            report = compare_snapshots(older, newer, read_configured_acceptances())
        except UsageError as error:
            return self.refuse(str(error))
        return self.publish(report)

    def _capture_current(self) -> Snapshot:
        captured = capture(self.log_progress, own_job_result=str(self.job_result.pk))
        self.attach(captured.name, captured.data)
        return captured.snapshot

    def _fail_without_baseline(self) -> dict[str, Any]:
        """Fail, because there is no earlier snapshot. The next run can use this run's."""
        outlook = " The next run will use the snapshot of this run." if self.attached else ""
        self.fail(f"INCOMPLETE: there is no earlier snapshot that you may view.{outlook}")
        return {"verdict": "incomplete", "files": list(self.attached)}
