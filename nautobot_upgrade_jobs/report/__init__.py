"""The report type, and one pure renderer for each format."""

from __future__ import annotations

from collections.abc import Callable

from ..rollback.package_set import REQUIREMENTS
from .formats import (
    html,
    json,
    junit,
    log,
    markdown,
    runbook,
    sarif,
)
from .formats import (
    rollback_script as script,
)
from .model import Report

Renderer = Callable[[Report], str]

FORMATS: dict[str, Renderer] = {
    "text": log.render,
    "json": json.render,
    "markdown": markdown.render,
    "html": html.render,
    "junit": junit.render,
    "sarif": sarif.render,
}
"""Renderers by the name that the command line uses."""
FILE_FORMATS: dict[str, Renderer] = {
    "html": html.render,
    "md": markdown.render,
    "json": json.render,
}
"""Renderers of a run's files, by their ending."""


def render_files(report: Report) -> dict[str, str]:
    """Return all files of a run: the report in each format, and what it hands over."""
    files = {
        f"{report.file_stem}.{ending}": render(report) for ending, render in FILE_FORMATS.items()
    }
    upgrade = report.is_preflight
    if report.constraints:
        files["constraints.txt" if upgrade else REQUIREMENTS] = report.constraints
    if report.steps:
        name = "upgrade-plan.md" if upgrade else f"{report.file_stem}-steps.md"
        files[name] = runbook.render(report)
    if report.steps and report.database_state:
        files[f"{report.file_stem}.sh"] = script.render(report)
    return files


__all__ = [
    "FILE_FORMATS",
    "FORMATS",
    "Report",
    "log",
    "render_files",
]
