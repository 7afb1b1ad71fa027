"""Write the changes since a point in time to a file.

After a restore of the backup, these changes must be made again.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ..context import Context
from ..db.sql import fetch_rows, list_columns
from ..support.redaction import redact_text

PAGE_SIZE = 500
"""Number of entries that are read at a time, so that memory does not grow with the change log."""
CHANGE_COLUMNS = ("time", "user_name", "action", "object_repr", "request_id")
OBJECT_DATA_COLUMNS = ("object_data_v2", "object_data")
"""Columns with the object after the change. The first column that the release has is used."""
HIGHEST_KEY = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""Compared with the keys of the first page, so that changes at exactly ``since`` are left out."""


def export_changelog(context: Context, since: datetime, path: Path) -> int:
    """Write one JSON line per change, in the order of the changes.

    Args:
        context: The context of the run, with the database connection.
        since: Changes after this time are written.
        path: The file, ``….jsonl.gz``. Only its owner can read it. If an error occurs, no file is
            left.

    Returns:
        The number of changes in the file.

    Raises:
        OSError: The file cannot be written.
        django.db.Error: The change log cannot be read.
    """
    count = 0
    unfinished = path.with_name(f".{path.name}.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as stream:
            for change in _read_changes(context, since):
                stream.write(
                    redact_text(json.dumps(change, ensure_ascii=False, default=str)) + "\n"
                )
                count += 1
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _read_changes(context: Context, since: datetime) -> Iterator[dict[str, Any]]:
    """Yield the changes in order, page by page. Changes of the same time are ordered by key."""
    connection = context.connection
    existing = list_columns(connection, "extras_objectchange")
    data_column = next(name for name in OBJECT_DATA_COLUMNS if name in existing)
    columns = ", ".join(f"c.{name}" for name in CHANGE_COLUMNS)
    query = (
        f"SELECT c.id, {columns}, t.app_label, t.model, c.changed_object_id, c.{data_column} "  # noqa: S608
        "FROM extras_objectchange c "
        "JOIN django_content_type t ON t.id = c.changed_object_type_id "
        "WHERE c.time > %s OR (c.time = %s AND c.id > %s) "
        f"ORDER BY c.time, c.id LIMIT {PAGE_SIZE}"
    )
    last_time, last_key = since, HIGHEST_KEY
    while page := fetch_rows(connection, query, [last_time, last_time, last_key]):
        for key, *values, app, model, object_id, object_data in page:
            change = dict(zip(CHANGE_COLUMNS, values, strict=True))
            yield {
                **change,
                "model": f"{app}.{model}",
                "object_id": str(object_id),
                "object_data": json.loads(object_data)
                if isinstance(object_data, str)
                else object_data,
            }
            last_time, last_key = change["time"], str(key)
