"""What every Job of this App does with its report: log it, attach it, sum it up."""

from __future__ import annotations

from typing import Any

from nautobot.apps.jobs import Job

from ..checks.findings import Verdict
from ..permissions import has_job_permission
from ..report import Report, render_files
from ..report.formats.log import LogLine, build_log_lines
from ..report.formats.markdown import escape

TOP_FINDINGS = 5
SOFT_TIME_LIMIT_SECONDS = 1800
TIME_LIMIT_SECONDS = 2000
"""The distance lets a run that was cut short publish what it has."""


class UpgradeJob(Job):
    """A read-only Job that ends with a report."""

    attached: tuple[str, ...] = ()
    """Names of the files that this run has attached."""

    class Meta:
        """Not a Job by itself; what the Jobs have in common."""

        abstract = True

    def user_has_permission(self, action: str) -> bool:
        """Tell whether the user of this run has a permission on this Job."""
        return bool(self.user) and has_job_permission(self.user, action, pk=self.job_model.pk)

    def log_progress(self, topic: str) -> None:
        """Say what is being collected."""
        self.logger.debug("Collecting %s.", topic, extra={"grouping": "collect"})

    def publish(self, report: Report) -> dict[str, Any]:
        """Write the report to the Job's log and files, and fail the run unless the way is free.

        Returns:
            The small result that Nautobot shows above the log and hands to REST clients.
        """
        *topics, verdict = build_log_lines(report)
        for line in (verdict, *topics):  # the page shows the oldest line first
            self._log(line)
        for name, text in render_files(report).items():
            self.attach(name, text)
        if report.verdict in (Verdict.BLOCKED, Verdict.INCOMPLETE):
            self.fail(f"{report.verdict.value.upper()}: {report.headline}")
        back = None if report.is_preflight else report.rollback_decision
        ways = {"advised": back.advised.kind} if back else {}
        return {
            "verdict": report.verdict.value,
            **ways,
            "current": report.current,
            "target": report.target,
            "findings": report.counts,
            "not_checked": len(report.not_checked),
            "unseen": [
                {"reason": reason, "checks": number}
                for reason, number in list(report.not_checked_reasons.items())[:TOP_FINDINGS]
            ],
            "top": [
                {
                    "severity": one.finding.severity.value,
                    "key": one.key,
                    "message": one.finding.message,
                }
                for one in list(report.findings())[:TOP_FINDINGS]
            ],
            "files": list(self.attached),
        }

    def attach(self, name: str, data: str | bytes) -> bool:
        """Attach a file to the result; return False, and say why, if that cannot be."""
        try:
            self.create_file(name, data)
        except ValueError as error:  # over JOB_CREATE_FILE_MAX_SIZE
            self.logger.warning("%s: %s", name, error, extra={"grouping": "summary"})
            return False
        self.attached = (*self.attached, name)
        return True

    def refuse(self, reason: str) -> dict[str, Any]:
        """End the run as failed because of what was asked for; nothing has been looked at."""
        self.fail(escape(reason))
        return {"verdict": "error", "error": reason}

    def _log(self, line: LogLine) -> None:
        # `failure` came with Nautobot 2.4.5; before it, `error` is the nearest.
        log = getattr(self.logger, line.level, self.logger.error)
        # The page shows Markdown; a list, unlike a block of code, wraps where the table ends.
        message = "\n".join(
            [escape(line.message), "", *(f"- {escape(text)}" for text in line.details)]
        )
        log(message.strip(), extra={"grouping": line.grouping})
