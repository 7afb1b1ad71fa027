"""The report as one printable HTML file without scripts or network access."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from ...checks.findings import Status
from ...common.text import escape_invisible, format_duration, plural
from .. import charts
from ..model import SEVERITY_ORDER, Report
from ..remediation_text import TO_DO, command_blocks, describe_acceptance, describe_refusal
from ..rollback_text import describe_options
from .markdown import PHASE_TEXT, SEVERITY_TITLES


def render(report: Report) -> str:
    """Return the report as an HTML document."""
    sections = [
        (SEVERITY_TITLES[severity], severity.value, report.unaccepted(severity))
        for severity in SEVERITY_ORDER
    ]
    accepted = tuple(reported for reported in report.findings() if reported.acceptance)
    sections.append(("Accepted", "accepted", accepted))
    return _load_template().render(
        report=report,
        duration=format_duration(report.seconds, report.stage_seconds),
        shown=[section for section in sections if section[2]],
        statuses=list(Status),
        when=PHASE_TEXT,
        to_do=TO_DO,
        options=tuple(describe_options(report.rollback_decision))
        if report.rollback_decision
        else (),
        readiness=charts.build_readiness_chart(report),
        losses=charts.build_loss_chart(report),
        tables=charts.build_table_chart(report),
        timeline=charts.build_timeline(report),
        risks=tuple(charts.count_risks(report)),
    )


def apply_theme(document: str, theme: str) -> str:
    """Return a report with the theme of the surrounding page, ``light`` or ``dark``."""
    return document.replace('<html lang="en">', f'<html lang="en" data-theme="{theme}">', 1)


@cache
def _load_template() -> Template:
    environment = Environment(
        autoescape=True,
        finalize=_escape_value,
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["prose"] = _render_code_spans
    environment.filters["plural"] = plural
    environment.filters["blocks"] = command_blocks
    environment.filters["acceptance"] = describe_acceptance
    environment.filters["refusal"] = describe_refusal
    return environment.get_template("report.html")


def _escape_value(value: Any) -> Any:
    """Return a value without characters that change how the surrounding text is displayed."""
    return type(value)(escape_invisible(value)) if isinstance(value, str) else value


def _render_code_spans(text: str) -> Markup:
    """Return text as HTML: parts in backticks become code, and everything else is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704
