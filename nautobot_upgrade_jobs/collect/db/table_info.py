"""Primary keys and columns of tables, as the fingerprint queries need them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnInfo:
    """A column as the server's catalog describes it."""

    name: str
    type: str
    nullable: bool = True
    hash_function: str = ""
    """The type's own hash function, which takes a value and a seed. Empty if there is none."""


@dataclass(frozen=True)
class TableInfo:
    """The primary key and the columns of a table."""

    primary_key: tuple[str, ...]
    columns: tuple[ColumnInfo, ...]

    @property
    def key(self) -> tuple[ColumnInfo, ...]:
        """The columns of the primary key in key order."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in self.primary_key)


def build_table_info(
    columns: Iterable[tuple[str, ColumnInfo, int | None]],
) -> dict[str, TableInfo]:
    """Group columns by table.

    Args:
        columns: For each column: its table, its description, and its position in the primary key
            (None if it is not part of the key).
    """
    keys: dict[str, dict[int, str]] = {}
    columns_by_table: dict[str, list[ColumnInfo]] = {}
    for table, column, position in columns:
        columns_by_table.setdefault(table, []).append(column)
        if position is not None:
            keys.setdefault(table, {})[position] = column.name
    return {
        table: TableInfo(
            tuple(name for _, name in sorted(keys.get(table, {}).items())), tuple(table_columns)
        )
        for table, table_columns in columns_by_table.items()
    }
