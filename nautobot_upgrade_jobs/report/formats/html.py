"""The report as one self-contained HTML file: no script, no network, light and dark, printable."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from ...checks.findings import Status
from ...common.text import escape_invisible, plural
from .. import charts as pictures
from ..model import SEVERITY_ORDER, Report
from ..rollback_text import describe_options
from .markdown import PHASE_TEXT, SEVERITY_TITLES


def render(report: Report) -> str:
    """Return the report as an HTML document."""
    sections = [
        (SEVERITY_TITLES[severity], severity.value, report.unaccepted(severity))
        for severity in SEVERITY_ORDER
    ]
    accepted = tuple(one for one in report.findings() if one.acceptance)
    sections.append(("Accepted", "accepted", accepted))
    return _load_template().render(
        report=report,
        shown=[section for section in sections if section[2]],
        statuses=list(Status),
        when=PHASE_TEXT,
        ways=tuple(describe_options(report.rollback_decision)) if report.rollback_decision else (),
        readiness=pictures.build_readiness_chart(report),
        losses=pictures.build_loss_chart(report),
        tables=pictures.build_table_chart(report),
        timeline=pictures.build_timeline(report),
        risks=tuple(pictures.count_risks(report)),
    )


def apply_theme(document: str, theme: str) -> str:
    """Return a report in the colours of the page that it is shown in: ``light`` or ``dark``."""
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
    return environment.get_template("report.html")


def _escape_value(value: Any) -> Any:
    """Return what is shown without what would change how its neighbours are read."""
    return type(value)(escape_invisible(value)) if isinstance(value, str) else value


def _render_code_spans(text: str) -> Markup:
    """Return a text of ours with what stands between backticks as code; the rest is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704
