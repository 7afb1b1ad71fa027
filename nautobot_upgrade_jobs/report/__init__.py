"""The report type, and one pure renderer for each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..common.files import build_file_stem
from ..snapshot.rehearsal_file import REHEARSAL_FILE
from .formats import csv, html, json, junit, log, markdown, runbook, sarif, script, summary
from .model import Report

Renderer = Callable[[Report], str]
FileRenderer = Callable[[Report], "str | bytes"]

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


def render_files(report: Report, on_error: Callable[[str], None]) -> dict[str, str | bytes]:
    """Return all files of a run by name: reports, package set, steps and rollback script.

    Args:
        report: The report of the run.
        on_error: Called with a sentence about each file that cannot be rendered. The others are
            not lost.
    """
    files: dict[str, str | bytes] = {
        name: text for name, text in report.package_files.items() if text
    }
    for name, render in _list_renderers(report):
        try:
            files[name] = render(report)
        except Exception as error:  # noqa: BLE001 - a fault in one format
            on_error(f"{name} could not be written: {type(error).__name__}: {error}")
    return files


def _list_renderers(report: Report) -> Iterator[tuple[str, FileRenderer]]:
    """Yield the names of the files and their renderers."""
    for extension, render in FILE_FORMATS.items():
        yield f"{report.file_stem}.{extension}", render
    if report.runbook.steps:
        name = "upgrade-plan.md" if report.is_preflight else f"{report.file_stem}-steps.md"
        yield name, runbook.render
    if report.runbook.steps and report.database_state and report.runbook.is_executable:
        name = "upgrade.sh" if report.is_preflight else f"{report.file_stem}.sh"
        yield name, script.render
    if record := report.rehearsal_record:
        stem = build_file_stem("rehearsal", report.instance, report.created)
        yield f"{stem}.json.gz", lambda _: REHEARSAL_FILE.dump(record)


__all__ = [
    "FILE_FORMATS",
    "FORMATS",
    "Report",
    "log",
    "render_files",
]
