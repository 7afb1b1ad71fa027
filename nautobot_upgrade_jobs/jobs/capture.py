"""What is the state of this installation?"""

from __future__ import annotations

from typing import Any

from nautobot.apps.jobs import ChoiceVar, StringVar

from ..app_settings import UsageError
from ..catalog.target_release import MAX_VERSION_LENGTH
from ..facts import Unavailable
from ..facts.fingerprints import DEPTHS
from ..report.formats.markdown import escape
from ..workflows.capture import DEFAULT_DEPTH, CapturedSnapshot, capture, require_depth
from .base import SOFT_TIME_LIMIT_SECONDS, TIME_LIMIT_SECONDS, UpgradeJob

name = "Upgrade"


class CaptureSnapshot(UpgradeJob):
    """Writes the state of everything that an upgrade can change into a sealed file."""

    depth = ChoiceVar(
        label="Depth",
        description="How closely each table is looked at: its number of rows, which rows, their "
        "values, or values in 256 buckets (by default), which narrow a difference down to rows.",
        choices=tuple((depth, depth) for depth in DEPTHS),
        required=False,
        default=DEFAULT_DEPTH,
    )

    target = StringVar(
        label="Before the upgrade to",
        description="Such as 3.2.7; noted in the result, so that the snapshot is found again.",
        required=False,
        default="",
    )

    class Meta:
        """How Nautobot shows and runs the Job."""

        name = "Capture Snapshot"
        description = (
            "Records the state of this installation, with a fingerprint of every table and "
            "column, in a sealed file, without changing anything. Download it before the upgrade: "
            "restoring a backup loses what the database holds of it."
        )
        read_only = True
        has_sensitive_variables = False
        soft_time_limit = SOFT_TIME_LIMIT_SECONDS
        time_limit = TIME_LIMIT_SECONDS
        field_order = ("depth", "target")

    def run(self, *, depth: str = DEFAULT_DEPTH, target: str = "") -> dict[str, Any]:
        """Capture, attach, and fail if anything had to be left out."""
        try:
            captured = capture(
                self.log_progress,
                own_job_result=str(self.job_result.pk),
                depth=require_depth(depth or DEFAULT_DEPTH),
            )
        except UsageError as error:
            return self.refuse(str(error))
        kept = self.attach(captured.name, captured.data)
        self._log_outcome(captured, kept=kept)
        contents = captured.snapshot.facts.fingerprints
        return {
            "verdict": "complete" if kept and not captured.missing else "incomplete",
            "target": (target or "")[:MAX_VERSION_LENGTH],
            "files": list(self.attached),
            "sha256": captured.sha256,
            "tables": 0 if isinstance(contents, Unavailable) else len(contents.tables),
            "rows": captured.rows,
            "left_out": len(captured.missing),
        }

    def _log_outcome(self, captured: CapturedSnapshot, *, kept: bool) -> None:
        for topic, reason in captured.missing.items():
            self.logger.warning(
                "%s: not captured: %s",
                escape(topic),
                escape(reason),
                extra={"grouping": topic.partition(" ")[0]},
            )
        if not kept:
            self.fail(
                "INCOMPLETE: the snapshot is not attached to this run, so that no other can read "
                "it. Raise JOB_CREATE_FILE_MAX_SIZE, or choose a lesser depth."
            )
        elif captured.missing:
            self.fail("INCOMPLETE: what was left out cannot be compared later.")
        else:
            self.logger.success(
                "%s rows captured in %s; sha256 %s.",
                captured.rows,
                captured.name,
                captured.sha256,
                extra={"grouping": "summary"},
            )
