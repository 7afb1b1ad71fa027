"""The server and its types of columns, as Django names them."""

from __future__ import annotations

import re

from django.db import connection

TEXT = re.compile(r"(?:var)?char\((\d+)\)|varchar|text|longtext", re.IGNORECASE)
UNLIMITED = 2**31


def is_mysql() -> bool:
    """Tell whether the server is MySQL or MariaDB."""
    return bool(connection.vendor == "mysql")


def is_text(db_type: str | None) -> bool:
    """Tell whether a type holds texts."""
    return bool(TEXT.fullmatch(db_type or ""))


def get_max_length(db_type: str | None) -> int:
    """Return how many characters a text may have; ENDLESS of what has no limit, or is no text."""
    found = TEXT.fullmatch(db_type or "")
    return int(found[1]) if found and found[1] else UNLIMITED
