"""The short form of the report, for mail, tickets and chat: as text, and as plain HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import escape

from ...checks.findings import Severity
from ...common.text import escape_invisible, escape_nonprintable, plural
from ..model import Report
from ..remediation_text import TO_DO
from ..reported_finding import FindingGroup

MAX_GROUPS = 20
"""Number of groups of findings. With the longest texts, they take less than 20 KB."""
MAX_TEXT_LENGTH = 300
"""Number of characters of a message or a remediation."""


@dataclass(frozen=True)
class Entry:
    """What to do about one group of findings."""

    severity: str
    message: str
    to_do: str


def render(report: Report) -> str:
    """Return the short form as text."""
    lines = [*_build_head(report), ""]
    for number, entry in enumerate(_build_entries(report), start=1):
        lines += [f"{number}. {entry.severity}: {entry.message}", f"   {entry.to_do}"]
    return "\n".join([*map(escape_nonprintable, lines), *_build_foot(report), ""])


def render_html(report: Report) -> str:
    """Return the short form as HTML without styles, which every mail program shows."""
    title, *details = (escape(escape_invisible(line)) for line in _build_head(report))
    entries = "\n".join(
        f"<li><b>{entry.severity}:</b> {escape(escape_invisible(entry.message))}<br>"
        f"{escape(escape_invisible(entry.to_do))}</li>"
        for entry in _build_entries(report)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title></head><body>\n<h1>{title}</h1>\n"
        + "\n".join(f"<p>{line}</p>" for line in details)
        + (f"\n<ol>\n{entries}\n</ol>" if entries else "")
        + "".join(f"\n<p>{escape(line)}</p>" for line in _build_foot(report))
        + "\n</body></html>\n"
    )


def _build_head(report: Report) -> Iterator[str]:
    counts = report.counts
    parts = [plural(counts["blocker"], "blocker"), plural(counts["warning"], "warning")]
    parts += [f"{counts['accepted']} accepted"] if counts["accepted"] else []
    if report.not_checked:
        parts.append(f"{plural(len(report.not_checked), 'check')} could not run")
    yield f"{report.verdict.label}: {report.headline}"
    yield f"{report.subject}, {report.instance}, {report.created:%Y-%m-%d %H:%M} UTC"
    yield f"{', '.join(parts)}."
    if report.is_preflight and report.runbook.downtime:
        yield f"Downtime: {report.runbook.downtime.kind.value}."
    yield f"Next: {report.next_step}"


def _list_groups(report: Report) -> tuple[FindingGroup, ...]:
    return report.groups(Severity.BLOCKER) + report.groups(Severity.WARNING)


def _build_entries(report: Report) -> Iterator[Entry]:
    for group in _list_groups(report)[:MAX_GROUPS]:
        finding = group.first.finding
        others = f" And {group.others} more of this kind." if group.others else ""
        yield Entry(
            finding.severity.value,
            f"{_shorten(finding.message)}{others}",
            f"{TO_DO[finding.when]}: {_shorten(finding.remediation)}",
        )


def _build_foot(report: Report) -> Iterator[str]:
    hidden = len(_list_groups(report)) - MAX_GROUPS
    if hidden > 0:
        yield f"The report contains {hidden} more kinds of findings."


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT_LENGTH else f"{line[:MAX_TEXT_LENGTH]}…"
