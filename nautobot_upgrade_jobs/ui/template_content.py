"""Add verdict, next steps and report to the page of a JobResult of this App's Jobs.

A component that raises an exception breaks the whole page, so exceptions are caught.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

from django.template import Context
from django.template.loader import render_to_string
from nautobot.apps.ui import Panel, SectionChoices, Tab, TemplateExtension

from ..checks.cost_text import format_seconds
from .job_files import is_plan
from .job_runs import Run, build_links, iter_runs, last_log_message, parse_run, runnable_jobs
from .run_files import list_attachments, query_files

logger = logging.getLogger(__name__)
MAX_EARLIER_RUNS = 5
"""Number of runs in which one that ran its checks is searched."""
TEMPLATES = "nautobot_upgrade_jobs/inc"
UNAVAILABLE_MESSAGE = "This part cannot be shown. The log below and the files contain everything."
T = TypeVar("T")


def call_safely(function: Callable[[], T], default: T) -> T:
    """Return the result of a function. If it raises, log the exception and return a default."""
    try:
        return function()
    except Exception:  # The rest of the page must still be rendered.
        logger.exception("nautobot_upgrade_jobs: part of a page cannot be shown")
        return default


def build_verdict_context(result: Any, user: Any) -> dict[str, Any]:
    """Return the template context of the panels on a result's page."""
    run = parse_run(result)
    if run is None:
        return {"run": None}
    files = list_attachments(run, user)
    return {
        "run": run,
        "files": files,
        "has_findings": run.outcome.has_verdict
        and any(file.name.endswith(".json") for file in files),
        "has_plan": any(is_plan(file.name) for file in files),
        "progress": "" if run.outcome.ended else last_log_message(run, user),
        "elapsed": None if run.outcome.ended else format_seconds(_seconds_since(run.created)),
        "usual": "" if run.outcome.ended else _describe_usual_duration(run, user),
        "links": build_links(run, runnable_jobs(user)),
        "has_report": any(file.name.endswith(".html") for file in files),
    }


def _seconds_since(start: datetime) -> float:
    return (datetime.now(timezone.utc) - start).total_seconds()


def _describe_usual_duration(run: Run, user: Any) -> str:
    """Return how long the last run of the Job took that ran its checks. Empty if there is none."""
    earlier = iter_runs(user, run.kind, MAX_EARLIER_RUNS)
    durations = (
        (each.ended - each.created).total_seconds()
        for each in earlier
        if each.ended and each.outcome.has_verdict
    )
    duration = next(durations, None)
    return "" if duration is None else format_seconds(duration)


class _OwnJobResultMixin:
    """A component that is shown only for results of this App's Jobs."""

    def should_render(self, context: Context) -> bool:
        """Return whether the page shows a result of this App's Jobs."""
        return call_safely(lambda: parse_run(context["object"]) is not None, False)


class RunPanel(_OwnJobResultMixin, Panel):
    """A panel on the page of a run."""

    def __init__(self, template: str, **kwargs: Any) -> None:
        self.template = f"{TEMPLATES}/{template}.html"
        super().__init__(**kwargs)

    def render_body_content(self, context: Context) -> str:
        """Render the template for the run."""
        result, request = context["object"], context["request"]
        return call_safely(
            lambda: render_to_string(
                self.template, build_verdict_context(result, request.user), request=request
            ),
            UNAVAILABLE_MESSAGE,
        )


class ReportTab(Tab):
    """The tab with the HTML report."""

    def should_render(self, context: Context) -> bool:
        """Return whether the run has a report that the user may view."""
        result, user = context["object"], context["request"].user
        return call_safely(
            lambda: (
                parse_run(result) is not None and query_files(result.pk, user, ".html").exists()
            ),
            False,
        )


class JobResultContent(TemplateExtension):
    """The panels and the tab on the page of a JobResult."""

    model = "extras.jobresult"
    object_detail_panels = (
        RunPanel(
            "verdict",
            label="Upgrade verdict",
            section=SectionChoices.LEFT_HALF,
            body_id="upgrade-verdict",
            weight=10,
        ),
        RunPanel(
            "next",
            label="Next steps",
            section=SectionChoices.RIGHT_HALF,
            body_id="upgrade-next",
            weight=10,
        ),
    )
    object_detail_tabs = (
        ReportTab(
            tab_id="upgrade-report",
            label="Report",
            weight=150,
            panels=(
                RunPanel(
                    "report", section=SectionChoices.FULL_WIDTH, body_id="upgrade-frame", weight=10
                ),
            ),
        ),
    )


template_extensions = [JobResultContent]
