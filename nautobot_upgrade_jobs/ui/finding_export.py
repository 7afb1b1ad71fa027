"""The findings of a table as a CSV or JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..report.formats.csv import COLUMNS, write_rows
from .finding_history import FindingHistory


def export_csv(entries: Iterable[FindingHistory]) -> str:
    """Return one row for each finding. The first row has the names of the columns."""
    rows = ([entry.status, *map(_join, _list_cells(entry))] for entry in entries)
    return write_rows([("status", *COLUMNS), *rows])


def export_json(entries: Iterable[FindingHistory]) -> str:
    """Return a list of the findings as the report has them, each with its status."""
    documents = [{"status": entry.status, **entry.record} for entry in entries]
    return json.dumps(documents, indent=2, ensure_ascii=False) + "\n"


def _list_cells(entry: FindingHistory) -> list[Any]:
    commands = entry.record.get("commands")
    special = {
        "severity": entry.severity,
        "acceptance": entry.note,
        "commands": [
            one.get("text")
            for one in (commands if isinstance(commands, list) else ())
            if isinstance(one, dict)
        ],
    }
    return [special.get(name, entry.record.get(name)) for name in COLUMNS]


def _join(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)
