"""The report type, and one pure renderer for each format."""

from __future__ import annotations

from collections.abc import Callable

from . import html, json, log, markdown
from .model import Report

Renderer = Callable[[Report], str]

FORMATS: dict[str, Renderer] = {
    "text": log.render,
    "json": json.render,
    "markdown": markdown.render,
    "html": html.render,
}
"""Renderers by the name that the command line uses."""
FILES: dict[str, Renderer] = {"html": html.render, "md": markdown.render, "json": json.render}
"""Renderers of a run's files, by their ending."""

__all__ = ["FILES", "FORMATS", "Report", "log"]
