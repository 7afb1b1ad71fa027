"""The Job Capture Snapshot."""

from __future__ import annotations

from typing import Any

from nautobot.apps.jobs import ChoiceVar, StringVar

from ..catalog.target_release import MAX_VERSION_LENGTH
from ..common.errors import UsageError
from ..common.text import plural
from ..facts import Unavailable
from ..facts.fingerprints import DEPTHS, require_depth
from ..report.formats.markdown import escape
from ..workflows.capture import DEFAULT_DEPTH, capture
from ..workflows.captured_snapshot import CapturedSnapshot
from .base import JobDefaults, UpgradeJob

name = "Upgrade"


class CaptureSnapshot(UpgradeJob):
    """Record what an upgrade can change, in a file with a checksum."""

    depth = ChoiceVar(
        label="Depth",
        description="How much of each table is recorded. counts: the number of rows. keys: also a "
        "fingerprint of the primary keys. content: also a fingerprint of each column. buckets "
        "(default): as content, with 256 parts per fingerprint, to find a difference in few rows.",
        choices=tuple((depth, depth) for depth in DEPTHS),
        required=False,
        default=DEFAULT_DEPTH,
    )

    target = StringVar(
        label="Target release",
        description="The release to upgrade to, such as 3.2.7. The result records it, so "
        "that you can find the snapshot later. Leave blank to record none.",
        required=False,
        default="",
    )

    class Meta(JobDefaults):
        """Name, description and field order in Nautobot."""

        name = "Capture Snapshot"
        description = (
            "Records the state of this installation, with a fingerprint of every table and "
            "column, in a file with a checksum. Changes nothing. Download the file before the "
            "upgrade: restoring a backup removes this Job Result."
        )
        field_order = ("depth", "target")

    def run(self, *, depth: str = DEFAULT_DEPTH, target: str = "") -> dict[str, Any]:
        """Capture and attach a snapshot. Fail if the snapshot is incomplete."""
        try:
            captured = capture(
                self.log_progress,
                own_job_result=str(self.job_result.pk),
                depth=require_depth(depth or DEFAULT_DEPTH),
            )
        except UsageError as error:
            return self.refuse(str(error))
        attached = self.attach(captured.name, captured.data)
        self._log_outcome(captured, attached=attached)
        fingerprints = captured.snapshot.facts.fingerprints
        return {
            "verdict": "complete" if attached and not captured.missing else "incomplete",
            "target": (target or "")[:MAX_VERSION_LENGTH],
            "files": list(self.attached),
            "sha256": captured.sha256,
            "tables": 0 if isinstance(fingerprints, Unavailable) else len(fingerprints.tables),
            "rows": captured.rows,
            "left_out": len(captured.missing),
        }

    def _log_outcome(self, captured: CapturedSnapshot, *, attached: bool) -> None:
        for topic, reason in captured.missing.items():
            self.logger.warning(
                "%s: not captured: %s",
                escape(topic),
                escape(reason),
                extra={"grouping": topic.partition(" ")[0]},
            )
        if not attached:
            self.fail(
                "INCOMPLETE: the snapshot is not attached to this run, so no run can read it. "
                "Raise JOB_CREATE_FILE_MAX_SIZE or choose a lower depth."
            )
        elif captured.missing:
            number = plural(len(captured.missing), "section")
            self.fail(f"INCOMPLETE: {number} of the snapshot could not be captured.")
        else:
            self.logger.success(
                "%s rows captured in %s; sha256 %s.",
                captured.rows,
                captured.name,
                captured.sha256,
                extra={"grouping": "summary"},
            )
