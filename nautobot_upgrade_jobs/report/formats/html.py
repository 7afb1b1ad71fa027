"""The report as one printable HTML file without scripts or network access."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from ...checks.findings import Severity, Status
from ...checks.release_notes import TriagedNote
from ...common.text import escape_invisible, format_duration, plural
from ...facts.release_notes import ReleaseNote
from ...upgrade.claims import list_claims
from .. import charts
from ..model import SEVERITY_ORDER, Report
from ..rehearsal_text import describe_rest, list_facts, list_longest_migrations, list_stages
from ..remediation_text import TO_DO, command_blocks, describe_acceptance, describe_refusal
from ..rollback_text import describe_options
from .markdown import PHASE_TEXT, SEVERITY_TITLES

_Key = TypeVar("_Key", bound=Hashable)
COUNTED_GROUPS = ("Changed", "Dependencies")
"""Groups of release notes of which the report shows only the number. They are the longest, and they
require no action."""


class NotePlace(NamedTuple):
    """A section of a page of release notes."""

    distribution: str
    release: str
    kind: str
    heading: str
    link: str


def render(report: Report) -> str:
    """Return the report as an HTML document."""
    sections = [
        (SEVERITY_TITLES[severity], severity.value, report.unaccepted(severity))
        for severity in SEVERITY_ORDER
    ]
    accepted = tuple(reported for reported in report.findings() if reported.acceptance)
    rehearsal = report.rehearsal
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
        stages=charts.build_duration_chart(list_stages(rehearsal)) if rehearsal else (),
        claims=list_claims(report.rehearsal) if report.rehearsal else (),
        longest=charts.build_duration_chart(list_longest_migrations(rehearsal))
        if rehearsal
        else (),
        measured=tuple(list_facts(rehearsal)) if rehearsal else (),
        rest=describe_rest(rehearsal) if rehearsal else "",
        counted_groups=COUNTED_GROUPS,
        actions=report.groups(Severity.BLOCKER) or report.groups(Severity.WARNING),
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
    environment.filters["sections"] = partial(_group_notes, key=_place)
    environment.filters["pages"] = partial(_group_notes, key=_page)
    return environment.get_template("report.html")


def _place(note: ReleaseNote) -> NotePlace:
    return NotePlace(note.distribution, note.release, note.kind, note.heading, note.link)


def _page(note: ReleaseNote) -> tuple[str, str]:
    """Return the distribution and the address of the page."""
    return note.distribution, note.link.partition("#")[0]


def _group_notes(
    notes: Iterable[TriagedNote], *, key: Callable[[ReleaseNote], _Key]
) -> Iterable[tuple[_Key, list[TriagedNote]]]:
    """Return the notes with the same key, in the order of the first of them."""
    groups: dict[_Key, list[TriagedNote]] = {}
    for triaged in notes:
        groups.setdefault(key(triaged.note), []).append(triaged)
    return groups.items()


def _escape_value(value: Any) -> Any:
    """Escape the characters that change how the surrounding text is displayed."""
    return type(value)(escape_invisible(value)) if isinstance(value, str) else value


def _render_code_spans(text: str) -> Markup:
    """Return text as HTML: parts in backticks become code, and everything else is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704
