"""Classify column types by the names that Django gives them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.models import Field

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


def changes_type(before: Field, after: Field) -> bool:
    """Return whether a column gets another type or collation.

    The type of a foreign key is that of the key that it refers to, which its own field does not
    show. So a field that becomes a foreign key, or is no longer one, counts as unchanged.
    """
    from django.db import connection

    if before.is_relation or after.is_relation:
        return False
    types = (each.db_parameters(connection) for each in (before, after))
    old, new = ((each.get("type"), each.get("collation")) for each in types)
    return old != new
