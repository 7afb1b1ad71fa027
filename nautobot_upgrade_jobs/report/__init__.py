"""The report type, and one pure renderer for each format."""

from __future__ import annotations

from collections.abc import Callable

from .formats import csv, html, json, junit, log, markdown, runbook, sarif, script, summary
from .model import Report

Renderer = Callable[[Report], str]

FORMATS: dict[str, Renderer] = {
    "text": log.render,
    "json": json.render,
    "markdown": markdown.render,
    "html": html.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "csv": csv.render,
    "summary": summary.render,
    "summary-html": summary.render_html,
}
"""Renderers by name of the format on the command line."""
FILE_FORMATS: dict[str, Renderer] = {
    "html": html.render,
    "md": markdown.render,
    "json": json.render,
    "csv": csv.render,
    "summary.txt": summary.render,
}
"""Renderers of a run's files by extension."""


def render_files(report: Report) -> dict[str, str]:
    """Return all files of a run by name: reports, package set, steps and rollback script."""
    files = {
        f"{report.file_stem}.{extension}": render(report)
        for extension, render in FILE_FORMATS.items()
    }
    files |= {name: text for name, text in report.package_files.items() if text}
    if report.runbook.steps:
        name = "upgrade-plan.md" if report.is_preflight else f"{report.file_stem}-steps.md"
        files[name] = runbook.render(report)
    if report.runbook.steps and report.database_state and report.runbook.is_executable:
        name = "upgrade.sh" if report.is_preflight else f"{report.file_stem}.sh"
        files[name] = script.render(report)
    return files


__all__ = [
    "FILE_FORMATS",
    "FORMATS",
    "Report",
    "log",
    "render_files",
]
