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

from .job_runs import attachments, files_of, latest_words, links, run_of, runnable

logger = logging.getLogger(__name__)
TEMPLATES = "nautobot_upgrade_jobs/inc"
CANNOT = "This cannot be shown here; the log below and the files have all of it."
Answer = TypeVar("Answer")


def guarded(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
    """Return an answer, or another one where asking fails; the server's log says why."""
    try:
        return ask()
    except Exception:  # the page is more than what we have to say on it
        logger.exception("nautobot_upgrade_jobs: part of a page cannot be shown")
        return otherwise


def verdict_context(result: Any, user: Any) -> dict[str, Any]:
    """Return what the panels on a result's page show."""
    run = run_of(result)
    if run is None:
        return {"run": None}
    return {
        "run": run,
        "files": attachments(run, user),
        "words": "" if run.outcome.ended else latest_words(run, user),
        "links": links(run, runnable(user)),
        "has_report": files_of(run.key, user, ".html").exists(),
    }


class _OfOurs:
    """A component that is there on results of our Jobs alone."""

    def should_render(self, context: Context) -> bool:
        """Tell whether it has something to say here."""
        return guarded(lambda: run_of(context["object"]) is not None, False)


class RunPanel(_OfOurs, Panel):
    """A panel on the page of a run."""

    def __init__(self, template: str, **kwargs: Any) -> None:
        self.template = f"{TEMPLATES}/{template}.html"
        super().__init__(**kwargs)

    def render_body_content(self, context: Context) -> str:
        """Render what the template says of the run."""
        result, request = context["object"], context["request"]
        return guarded(
            lambda: render_to_string(
                self.template, verdict_context(result, request.user), request=request
            ),
            CANNOT,
        )


class ReportTab(Tab):
    """The HTML report in its place."""

    def should_render(self, context: Context) -> bool:
        """Tell whether the run has a report that this user may see."""
        result, user = context["object"], context["request"].user
        return guarded(
            lambda: run_of(result) is not None and files_of(result.pk, user, ".html").exists(),
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
