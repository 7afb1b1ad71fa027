"""Read the description of a dump by MySQL Shell (``util.dumpInstance()``, ``util.dumpSchemas()``).

Source of the format: the source code of MySQL Shell 8, ``modules/util/dump/dumper.cc``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..facts.backup_record import BackupRecord, BackupSource

DESCRIPTION = "@.json"
END = "@.done.json"
"""The file that MySQL Shell writes last."""
MAXIMUM_FAILURES = 5


class IncompleteDescriptionError(ValueError):
    """A folder is no dump of MySQL Shell. The message gives the reason."""


def read_mysql_shell_dump(folder: Path) -> BackupRecord:
    """Return the description of a dump, with each file that it should have and lacks.

    Args:
        folder: The folder of the dump.

    Raises:
        IncompleteDescriptionError: A file of the description cannot be read.
    """
    try:
        return _read_record(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IncompleteDescriptionError(
            f"{folder}: its description cannot be read: {type(error).__name__} {error}"
        ) from None


def _read_record(folder: Path) -> BackupRecord:
    overview = _read_json(folder / DESCRIPTION)
    schemas = [
        _read_json(folder / f"{overview['basenames'][name]}.json") for name in overview["schemas"]
    ]
    complete = (folder / END).exists()
    failures = list[str]()
    finished = None
    if complete:
        end = _read_json(folder / END)
        # MySQL Shell writes the local time of its host.
        finished = datetime.strptime(end["end"], "%Y-%m-%d %H:%M:%S").astimezone(timezone.utc)
        failures += _missing_files(folder, schemas, end.get("chunkFileBytes") or {})
    else:
        failures.append(f"it has no {END}: the dump did not end")
    for part, key in (("definitions", "includesDdl"), ("rows", "includesData")):
        failures += (
            f"it has no {part} of the database {schema['schema']}"
            for schema in schemas
            if not schema.get(key, True)
        )
    if overview.get("consistent") is False:
        failures.append("its tables are of different times: it was made with consistent: false")
    return BackupRecord(
        BackupSource.MYSQL_SHELL,
        folder.name,
        finished,
        tuple(failures[:MAXIMUM_FAILURES]),
        databases=tuple(overview["schemas"]),
        tables=tuple(name for schema in schemas for name in schema["tables"]),
    )


def _missing_files(
    folder: Path, schemas: list[dict[str, Any]], chunks: dict[str, int]
) -> Iterator[str]:
    """Yield the files of definitions and rows that are missing or empty."""
    definitions = [
        f"{schema['basenames'][table]}.sql"
        for schema in schemas
        if schema.get("includesDdl", True)
        for table in schema["tables"]
    ]
    filled = [name for name, size in chunks.items() if size]
    for name in (*definitions, *filled):
        path = folder / name
        if not path.is_file() or not path.stat().st_size:
            yield f"its file {name} is missing or empty"


def _read_json(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict):
        raise TypeError(f"{path.name} is no JSON object")
    return content
