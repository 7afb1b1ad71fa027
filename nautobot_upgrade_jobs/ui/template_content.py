"""What the App adds to the page of a JobResult of ours: verdict, next steps, and the report.

A component that raises takes the whole page down, so each of them is guarded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.template import Context
from django.template.loader import render_to_string
from nautobot.apps.ui import Panel, SectionChoices, Tab, TemplateExtension

from .job_runs import (
    build_links,
    last_log_message,
    list_attachments,
    parse_run,
    query_files,
    runnable_jobs,
)

logger = logging.getLogger(__name__)
TEMPLATES = "nautobot_upgrade_jobs/inc"
UNAVAILABLE_MESSAGE = "This cannot be shown here; the log below and the files have all of it."
T = TypeVar("Answer")


def call_safely(ask: Callable[[], T], otherwise: T) -> T:
    """Return an answer, or another one where asking fails; the server's log says why."""
    try:
        return ask()
    except Exception:  # the page is more than what we have to say on it
        logger.exception("nautobot_upgrade_jobs: part of a page cannot be shown")
        return otherwise


def build_verdict_context(result: Any, user: Any) -> dict[str, Any]:
    """Return what the panels on a result's page show."""
    run = parse_run(result)
    if run is None:
        return {"run": None}
    return {
        "run": run,
        "files": list_attachments(run, user),
        "words": "" if run.outcome.ended else last_log_message(run, user),
        "links": build_links(run, runnable_jobs(user)),
        "has_report": query_files(run.key, user, ".html").exists(),
    }


class _OwnJobResultMixin:
    """A component that is there on results of our Jobs alone."""

    def should_render(self, context: Context) -> bool:
        """Tell whether it has something to say here."""
        return call_safely(lambda: parse_run(context["object"]) is not None, False)


class RunPanel(_OwnJobResultMixin, Panel):
    """A panel on the page of a run."""

    def __init__(self, template: str, **kwargs: Any) -> None:
        self.template = f"{TEMPLATES}/{template}.html"
        super().__init__(**kwargs)

    def render_body_content(self, context: Context) -> str:
        """Render what the template says of the run."""
        result, request = context["object"], context["request"]
        return call_safely(
            lambda: render_to_string(
                self.template, build_verdict_context(result, request.user), request=request
            ),
            UNAVAILABLE_MESSAGE,
        )


class ReportTab(Tab):
    """The HTML report in its place."""

    def should_render(self, context: Context) -> bool:
        """Tell whether the run has a report that this user may see."""
        result, user = context["object"], context["request"].user
        return call_safely(
            lambda: (
                parse_run(result) is not None and query_files(result.pk, user, ".html").exists()
            ),
            False,
        )


class JobResultContent(TemplateExtension):
    """What is added, in the words of Nautobot."""

    model = "extras.jobresult"
    object_detail_panels = (
        RunPanel(
            "verdict",
            label="Upgrade: the verdict",
            section=SectionChoices.LEFT_HALF,
            body_id="upgrade-verdict",
            weight=10,
        ),
        RunPanel(
            "next",
            label="Upgrade: what next",
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
