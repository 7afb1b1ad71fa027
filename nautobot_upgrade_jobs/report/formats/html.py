"""The report as one self-contained HTML file: no script, no network, light and dark, printable."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from ...checks.findings import Status
from ...common.text import plural, visible
from .. import charts as pictures
from ..model import ORDER, Report
from ..rollback_text import told
from .markdown import TITLES, WHEN


def render(report: Report) -> str:
    """Return the report as an HTML document."""
    sections = [(TITLES[severity], severity.value, report.open(severity)) for severity in ORDER]
    accepted = tuple(one for one in report.findings() if one.acceptance)
    sections.append(("Accepted", "accepted", accepted))
    return _template().render(
        report=report,
        shown=[section for section in sections if section[2]],
        statuses=list(Status),
        when=WHEN,
        ways=tuple(told(report.choice)) if report.choice else (),
        readiness=pictures.readiness(report),
        losses=pictures.losses(report),
        tables=pictures.tables(report),
        timeline=pictures.timeline(report),
        risks=tuple(pictures.risks(report)),
    )


def themed(document: str, theme: str) -> str:
    """Return a report in the colours of the page that it is shown in: ``light`` or ``dark``."""
    return document.replace('<html lang="en">', f'<html lang="en" data-theme="{theme}">', 1)


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        finalize=_inert,
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["prose"] = _prose
    environment.filters["plural"] = plural
    return environment.get_template("report.html")


def _inert(value: Any) -> Any:
    """Return what is shown without what would change how its neighbours are read."""
    return type(value)(visible(value)) if isinstance(value, str) else value


def _prose(text: str) -> Markup:
    """Return a text of ours with what stands between backticks as code; the rest is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704
