"""What changed, and was it to be expected?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautobot.apps.jobs import FileVar
from nautobot.extras.models import JobResult

from ..app_settings import UsageError
from ..snapshot.file_format import Snapshot
from ..workflows.capture import capture
from ..workflows.compare import compare_snapshots, read_configured_acceptances
from .base import SOFT_TIME_LIMIT_SECONDS, TIME_LIMIT_SECONDS
from .snapshot_fields import SnapshotReader, SnapshotVar

if TYPE_CHECKING:
    from django.core.files import File

name = "Upgrade"


class CompareSnapshots(SnapshotReader):
    """Compares two snapshots, or one with the present state."""

    before = SnapshotVar(
        label="Before: the result of a run",
        description="A run of Capture Snapshot or Compare Snapshots. Blank, and no file below: "
        "the newest one there is.",
    )
    before_file = FileVar(
        label="Before: or a file",
        description="A snapshot-….json.gz, kept since then.",
        required=False,
    )
    after = SnapshotVar(
        label="After: the result of a run",
        description="Blank, and no file below: the present state, which is captured for it.",
    )
    after_file = FileVar(label="After: or a file", required=False)

    class Meta:
        """How Nautobot shows and runs the Job."""

        name = "Compare Snapshots"
        description = (
            "Says what changed between two snapshots, what a release was to change, what nothing "
            "explains, and what is lost. Left blank, it compares the newest snapshot with the "
            "present state; scheduled daily, it tells what changed since yesterday."
        )
        read_only = True
        has_sensitive_variables = False
        soft_time_limit = SOFT_TIME_LIMIT_SECONDS
        time_limit = TIME_LIMIT_SECONDS
        field_order = ("before", "before_file", "after", "after_file")

    def run(
        self,
        *,
        before: JobResult | None = None,
        before_file: File | None = None,
        after: JobResult | None = None,
        after_file: File | None = None,
    ) -> dict[str, Any]:
        """Find both snapshots, compare and publish."""
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
        """There was nothing to compare with; what was captured now is there for the next run."""
        then = "; the next run compares with this one" if self.attached else ""
        self.fail(f"INCOMPLETE: there is no earlier snapshot that you may see{then}.")
        return {"verdict": "incomplete", "files": list(self.attached)}
