"""Base class of the Jobs: common form fields, time limits, and publishing of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import NoReverseMatch
from nautobot.apps.jobs import Job, StringVar
from nautobot.extras.constants import JOB_LOG_MAX_ABSOLUTE_URL_LENGTH
from nautobot.extras.models import FileProxy, JobResult

from ..app_settings import read_configuration
from ..checks.findings import Severity, Verdict
from ..common.errors import ConfigurationError
from ..permissions import has_job_permission
from ..report import Report, render_files
from ..report.formats.log import LogLine, build_log_lines
from ..report.formats.markdown import escape
from ..report.notification import describe_cause, describe_state, summarize
from ..report.reported_finding import FindingGroup
from ..ui.finding_table import finding_url, findings_url
from ..ui.job_runs import PROGRESS_GROUPING
from ..upgrade.prediction_score import describe_score
from .form_fields import LinesVar
from .notifier import Notifier

MAX_REASONS = 5
MAX_BLOCKER_GROUPS = 20
MAX_WARNING_GROUPS = 5
SOFT_TIME_LIMIT_SECONDS = 1800
TIME_LIMIT_SECONDS = 2000
"""The difference to the soft limit is the time to publish a partial report."""


@dataclass(frozen=True)
class FindingLink:
    """A finding as the object of a log line, whose page the line links to."""

    run: str
    key: str

    def __str__(self) -> str:
        """Return the text of the link. The line itself has the key."""
        return "Finding"

    def get_absolute_url(self) -> str:
        """Return the URL of the finding's page, or of all findings if that is too long for a log.

        Empty if the App is not installed and the Jobs are from a Git repository.
        """
        try:
            url = finding_url(self.run, self.key)
            return url if len(url) <= JOB_LOG_MAX_ABSOLUTE_URL_LENGTH else findings_url(self.run)
        except NoReverseMatch:
            return ""


class JobDefaults:
    """Meta attributes that every Job of this App has."""

    read_only = True
    has_sensitive_variables = False
    soft_time_limit = SOFT_TIME_LIMIT_SECONDS
    time_limit = TIME_LIMIT_SECONDS


def build_exclude_field(example: str) -> StringVar:
    """Return the form field for checks to leave out."""
    return StringVar(
        label="Skip checks",
        description=f"Check ids, separated by commas, such as {example}. The report lists them as "
        "not checked, and the verdict cannot be GO. Leave blank to run every check.",
        required=False,
        default="",
    )


def build_only_field(example: str) -> StringVar:
    """Return the form field for the only checks to run."""
    return StringVar(
        label="Only these checks",
        description=f"Check ids, separated by commas, such as {example}, to see whether a fix "
        "worked. Such a run has no plan and never permits an upgrade. It takes seconds, unless a "
        "check reads the target. Leave blank "
        "to run every check.",
        required=False,
        default="",
    )


def build_backup_field(description: str) -> LinesVar:
    """Return the form field for a backup.

    Args:
        description: Which backup to name.
    """
    return LinesVar(
        label="Backup",
        description=f"{description}: a dump, or files with the output of its program, one name per "
        "line. They are in the folder that the setting backup_directory names on the host of the "
        "worker. For a snapshot of a volume, write who | when | id, such as "
        "Ann | 2026-11-29T08:00Z | snap-0123. Leave blank to verify none.",
        required=False,
        default="",
    )


def build_accept_field() -> LinesVar:
    """Return the form field for acceptances."""
    return LinesVar(
        label="Accept findings",
        description="One acceptance per line: finding key | reason | until (YYYY-MM-DD), such as "
        "apps.orphaned_data:nautobot_example | removed in May | 2027-01-31. The report lists the "
        "keys. An acceptance applies to this target until its date, and the report always shows "
        "it. Leave blank to accept nothing.",
        required=False,
        default="",
    )


class UpgradeJob(Job):
    """A read-only Job that publishes a report."""

    attached: tuple[str, ...] = ()
    """Names of the files attached by this run."""

    class Meta:
        """Marks the class as a base class, which is not a Job."""

        abstract = True

    def user_has_permission(self, action: str) -> bool:
        """Return whether the user of this run has a permission on this Job."""
        return bool(self.user) and has_job_permission(self.user, action, pk=self.job_model.pk)

    def query_files(self) -> Any:
        """Return the files of runs of this App's Jobs that the user of this run may view.

        A run must not show data that the user may not view. Only the Jobs of this App count,
        because any other Job could attach a forged file. In a Git repository, all of them are in
        the module of this run.
        """
        ours = Q(job_result__job_model__module_name__startswith=f"{__package__}.") | Q(
            job_result__job_model__module_name=type(self).__module__
        )
        return FileProxy.objects.restrict(self.user, "view").filter(
            ours, job_result__in=JobResult.objects.restrict(self.user, "view")
        )

    def log_progress(self, activity: str) -> None:
        """Log what the run does next."""
        self.logger.debug("%s.", activity, extra={"grouping": PROGRESS_GROUPING})

    def publish(self, report: Report) -> dict[str, Any]:
        """Log and attach the report. Fail the run if the verdict is BLOCKED or INCOMPLETE.

        Returns:
            The summary that Nautobot shows above the log and returns to REST clients.
        """
        for name, text in render_files(report, self._log_failure).items():
            self.attach(name, text)
        *topics, verdict = build_log_lines(report)
        for line in (verdict, *topics):  # The page shows the oldest line first.
            self._log(line)
        if _is_failure(report):
            self.fail(f"{report.verdict.label}: {report.headline}")
        state = "" if report.only else self._notify(report)
        return {
            **summarize(report),
            **({"state": state} if state else {}),
            **_describe_decision(report),
            "unseen": [
                {"reason": reason, "checks": number}
                for reason, number in list(report.not_checked_reasons.items())[:MAX_REASONS]
            ],
            "top": [
                {**describe_cause(group), "anchor": group.first.anchor}
                for group in _select_groups(report)
            ],
            "files": list(self.attached),
        }

    def _notify(self, report: Report) -> str:
        """Notify the recipients of the settings. Return the state that later runs compare.

        A run whose state is that of the previous run for the same target sends nothing. If a
        recipient was not reached, the state is empty, so the next run tries again.
        """
        try:
            config = read_configuration()
        except ConfigurationError:  # changed during the run
            return ""
        notifier = Notifier(config.notifications, str(config.deployment.get("url", "")))
        if not notifier.is_enabled:
            return ""
        state = describe_state(report, notifier.severity)
        if not config.notifications.get("always") and state == self._read_previous_state(report):
            return state
        failures = list(notifier.send(report, str(self.job_result.pk)))
        for failure in failures:
            self.logger.warning(escape(failure), extra={"grouping": "summary"})
        return "" if failures else state

    def _read_previous_state(self, report: Report) -> str:
        earlier = (
            JobResult.objects.filter(
                job_model=self.job_model, result__target_version=report.target_version
            )
            .exclude(pk=self.job_result.pk)
            .filter(result__has_key="state")
            .order_by("-date_created")
            .values_list("result", flat=True)
        )
        content = earlier.first()
        return str(content.get("state", "")) if isinstance(content, dict) else ""

    def attach(self, name: str, data: str | bytes) -> bool:
        """Attach a file to the result. If Nautobot refuses, log the reason and return False."""
        try:
            self.create_file(name, data)
        except ValueError as error:  # larger than JOB_CREATE_FILE_MAX_SIZE
            self.logger.warning("%s: %s", name, error, extra={"grouping": "summary"})
            return False
        self.attached = (*self.attached, name)
        return True

    def refuse(self, reason: str) -> dict[str, Any]:
        """Fail the run, because the request is invalid. No check runs."""
        self.fail(escape(reason))
        return {"verdict": "error", "error": reason}

    def _log_failure(self, reason: str) -> None:
        self.logger.error(escape(reason), extra={"grouping": "summary"})

    def _log(self, line: LogLine) -> None:
        # Nautobot before 2.4.5 has no level `failure`, so `error` is used.
        log = getattr(self.logger, line.level, self.logger.error)
        # The page renders Markdown. Lists wrap at the width of the table, but code blocks do not.
        message = "\n".join(
            [escape(line.message), "", *(f"- {escape(text)}" for text in line.details)]
        )
        extra: dict[str, Any] = {"grouping": line.grouping}
        if line.key and any(name.endswith(".json") for name in self.attached):
            extra["object"] = FindingLink(str(self.job_result.pk), line.key)
        log(message.strip(), extra=extra)


def _describe_decision(report: Report) -> dict[str, str]:
    """Return what a run recommends or plans, and how right its prediction was."""
    decision = None if report.is_preflight else report.rollback_decision
    planned = report.runbook.downtime if report.is_preflight else None
    texts = {
        "recommended": decision.recommended.kind if decision else "",
        "downtime": planned.kind.value if planned else "",
        "prediction": describe_score(report.prediction_score),
    }
    return {name: text for name, text in texts.items() if text}


def _is_failure(report: Report) -> bool:
    """Return whether the run fails. If it was limited to some checks, they need only be answered.

    Its verdict is then INCOMPLETE without a blocker.
    """
    if report.only and not report.not_checked:
        return report.verdict is Verdict.BLOCKED
    return report.verdict in (Verdict.BLOCKED, Verdict.INCOMPLETE)


def _select_groups(report: Report) -> tuple[FindingGroup, ...]:
    """Return what the page of the run shows: the blockers, then the first warnings."""
    blockers = report.groups(Severity.BLOCKER)[:MAX_BLOCKER_GROUPS]
    return blockers + report.groups(Severity.WARNING)[:MAX_WARNING_GROUPS]
