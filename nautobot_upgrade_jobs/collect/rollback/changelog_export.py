"""Writes the change log since a moment into a file: what has to be done again after a restore."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import Context
from ..db.sql import fetch_rows, list_columns
from ..support.redaction import redact_text

PAGE_SIZE = 500
"""Entries that are read at a time: memory does not grow with the change log."""
CHANGE_COLUMNS = ("time", "user_name", "action", "object_repr", "request_id")
OBJECT_DATA_COLUMNS = ("object_data_v2", "object_data")
"""Columns of the object as it was afterwards; the first that the release has."""


def export_changelog(context: Context, since: datetime, path: Path) -> int:
    """Write one JSON line for each change, in the order in which they were made.

    Args:
        context: What to read through.
        since: Changes after this moment.
        path: The file, ``….jsonl.gz``; readable by its owner alone, and whole or not there.

    Returns:
        How many changes it holds.

    Raises:
        OSError: It cannot be written.
        django.db.Error: The change log cannot be read.
    """
    number = 0
    unfinished = path.with_name(f".{path.name}.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as stream:
            for change in _read_changes(context, since):
                stream.write(
                    redact_text(json.dumps(change, ensure_ascii=False, default=str)) + "\n"
                )
                number += 1
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return number


def _read_changes(context: Context, since: datetime) -> Iterator[dict[str, Any]]:
    """Yield the changes page by page; two of the same moment in the order of their keys."""
    connection = context.connection
    there = list_columns(connection, "extras_objectchange")
    data = next(name for name in OBJECT_DATA_COLUMNS if name in there)
    fields = ", ".join(f"c.{name}" for name in CHANGE_COLUMNS)
    query = (
        f"SELECT c.id, {fields}, t.app_label, t.model, c.changed_object_id, c.{data} "  # noqa: S608
        "FROM extras_objectchange c "
        "JOIN django_content_type t ON t.id = c.changed_object_type_id "
        "WHERE c.time > %s OR (c.time = %s AND c.id > %s) "
        f"ORDER BY c.time, c.id LIMIT {PAGE_SIZE}"
    )
    moment, key = since, "ffffffff-ffff-ffff-ffff-ffffffffffff"
    while page := fetch_rows(connection, query, [moment, moment, key]):
        for id_, *values, app, model, object_id, stated in page:
            named = dict(zip(CHANGE_COLUMNS, values, strict=True))
            yield {
                **named,
                "model": f"{app}.{model}",
                "object_id": str(object_id),
                "object_data": json.loads(stated) if isinstance(stated, str) else stated,
            }
            moment, key = named["time"], str(id_)
