"""Classify column types by the names that Django gives them."""

from __future__ import annotations

import re

TEXT = re.compile(r"(?:var)?char\((\d+)\)|varchar|text|longtext", re.IGNORECASE)
UNLIMITED = 2**31


def is_mysql() -> bool:
    """Return whether the server is MySQL or MariaDB."""
    from django.db import connection

    return bool(connection.vendor == "mysql")


def is_text(db_type: str | None) -> bool:
    """Return whether a column type holds text."""
    return bool(TEXT.fullmatch(db_type or ""))


def get_max_length(db_type: str | None) -> int:
    """Return the maximum number of characters of a text type, or UNLIMITED for any other type."""
    match = TEXT.fullmatch(db_type or "")
    return int(match[1]) if match and match[1] else UNLIMITED
