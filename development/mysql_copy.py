"""Make one MySQL database equal to another of the same server.

A dump creates every table again, which takes seconds. Two databases that were equal before a test
differ in few tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

Query = Callable[..., str]
"""Runs statements, and returns their rows as lines with tabs."""
ESCAPES = {"n": "\n", "t": "\t", "0": "\0"}
"""Of the client's output. Any other character after a backslash stands for itself."""


def copy_differences(query: Query, source: str, name: str) -> list[str]:
    """Return the statements that make a database equal to another."""
    wanted, found = _definitions(query, source), _definitions(query, name)
    same = {table for table in wanted if wanted[table] == found.get(table)}
    sums = _checksums(query, [source, name], same)
    changed = {table for table in same if sums[f"{source}.{table}"] != sums[f"{name}.{table}"]}
    return [
        "SET foreign_key_checks = 0",
        "SET unique_checks = 0",
        f"USE `{name}`",
        *_equal_collation(query, source, name),
        *(f"DROP TRIGGER `{trigger}`" for trigger in _triggers(query, name)),
        *_drop(found.keys() - same, found),
        *(wanted[table] for table in sorted(wanted.keys() - same)),
        *_copy_rows(source, wanted.keys() - same, changed),
    ]


def _definitions(query: Query, database: str) -> dict[str, str]:
    """Return the statement that creates each table and view."""
    names = query(f"SHOW TABLES FROM `{database}`").splitlines()
    lines = query(*(f"SHOW CREATE TABLE `{database}`.`{name}`" for name in names)) if names else ""
    definitions = {}
    for line in lines.splitlines():
        name, text, *_ = line.split("\t")
        definitions[name] = re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), text)
    return definitions


def _checksums(query: Query, databases: Collection[str], tables: Collection[str]) -> dict[str, str]:
    names = ", ".join(f"`{one}`.`{table}`" for one in databases for table in sorted(tables))
    lines = query(f"CHECKSUM TABLE {names}").splitlines() if names else []
    return dict(line.split("\t") for line in lines)


def _triggers(query: Query, database: str) -> list[str]:
    return query(
        f"SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = '{database}'"
    ).splitlines()


def _equal_collation(query: Query, source: str, name: str) -> Iterator[str]:
    wanted, found = (
        query(
            "SELECT default_character_set_name, default_collation_name "
            f"FROM information_schema.schemata WHERE schema_name = '{database}'"
        )
        for database in (source, name)
    )
    if wanted != found:
        characters, collation = wanted.split("\t")
        yield f"ALTER DATABASE `{name}` CHARACTER SET {characters} COLLATE {collation}"


def _drop(names: Collection[str], definitions: dict[str, str]) -> Iterator[str]:
    for name in sorted(names):
        is_table = definitions[name].startswith("CREATE TABLE")
        yield f"DROP {'TABLE' if is_table else 'VIEW'} `{name}`"


def _copy_rows(source: str, created: Collection[str], changed: Collection[str]) -> Iterator[str]:
    for table in sorted({*created, *changed}):
        if table in changed:
            yield f"DELETE FROM `{table}`"
        yield f"INSERT INTO `{table}` SELECT * FROM `{source}`.`{table}`"
