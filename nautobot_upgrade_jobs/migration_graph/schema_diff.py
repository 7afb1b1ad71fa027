"""The live schema beside the one that the applied migrations should have made.

Keys are told by what they do and not by their names: those that Django makes up come from the
table's and the column's names at the time, which later migrations rename.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ..facts import Schema
from ..facts.expected_schema import ExpectedConstraint, ExpectedTable


@dataclass(frozen=True)
class LiveKey:
    """An index or a constraint of the live schema."""

    kind: str
    """``primary``, ``unique``, ``index``, ``partial``, ``foreign``, ``check`` or ``other``."""
    columns: tuple[str, ...]
    name: str
    text: str
    """In the server's own words."""
    target: str = ""
    """Of a foreign key: the table that it refers to."""


@dataclass(frozen=True)
class LiveTable:
    """A table of the live schema."""

    columns: dict[str, str]
    """Name to type and nullability."""
    keys: tuple[LiveKey, ...]

    def key(self, name: str) -> LiveKey:
        """Return a key by its name: the constraint, where an index of its name serves it."""
        return next(one for one in reversed(self.keys) if one.name == name)

    def column_of(self, field: str) -> str:
        """Return the column of a model's field; that of a foreign key ends in ``_id``."""
        return field if field in self.columns else f"{field}_id"


@dataclass(frozen=True)
class SchemaDifference:
    """One thing that is not as the applied migrations should have left it."""

    table: str
    subject: str
    """What of the table: a column, a key's name, or nothing for the table itself."""
    how: str
    """``missing``, ``other`` (there, but not so), ``extra``, ``invalid``, ``not validated``."""
    what: str
    """``table``, ``column``, ``type``, ``nullability``, or the kind of a key."""
    expected: str
    found: str
    key: ExpectedConstraint | None = None


def live_tables(schema: Schema) -> dict[str, LiveTable]:
    """Return every table of a schema with what belongs to it."""
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for name, text in schema.columns.items.items():
        table, _, column = name.partition(".")
        columns[table][column] = text
    keys: dict[str, list[LiveKey]] = defaultdict(list)
    for listing, read in ((schema.indexes, _index), (schema.constraints, _constraint)):
        for name, text in listing.items.items():
            table, _, key = name.partition(".")
            keys[table].append(read(key, text))
    return {table: LiveTable(own, tuple(keys[table])) for table, own in columns.items()}


INDEX = re.compile(
    r"CREATE (?P<unique>UNIQUE )?INDEX .* USING \w+ \((?P<columns>.*?)\)(?P<more>.*)"
)
CONSTRAINT = re.compile(
    r"(?P<kind>PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK) ?(NULLS NOT DISTINCT )?\((?P<columns>.*?)\)"
    r"( REFERENCES| )?(?P<target> ?[\w\".]+)?"
)
KINDS = {"PRIMARY KEY": "primary", "UNIQUE": "unique", "FOREIGN KEY": "foreign", "CHECK": "check"}


def _index(name: str, text: str) -> LiveKey:
    if found := INDEX.match(text):
        kind = "unique" if found["unique"] else "index"
        if "WHERE" in found["more"]:
            kind = "partial"  # of some rows; told by its name alone
        return LiveKey(kind, _names(found["columns"]), name, text)
    unique, _, columns = text.partition("(")  # MySQL
    return LiveKey("unique" if unique else "index", _names(columns.rstrip(")")), name, text)


def _constraint(name: str, text: str) -> LiveKey:
    found = CONSTRAINT.match(text)
    if not found:
        return LiveKey("other", (), name, text)
    target = (found["target"] or "").strip().strip('"').rpartition(".")[2]
    kind = KINDS[found["kind"]]
    return LiveKey(kind, _names(found["columns"]), name, text, target if kind == "foreign" else "")


def _names(columns: str) -> tuple[str, ...]:
    return tuple(part.strip().replace('"', "") for part in columns.split(",") if part.strip())


def differences(
    expected: dict[str, ExpectedTable], live: dict[str, LiveTable]
) -> Iterator[SchemaDifference]:
    """Yield what of the live schema is not as expected, table by table.

    Further indexes that are not unique are nobody's concern: they only cost time to write.
    """
    for table, model in sorted(expected.items()):
        if table not in live:
            yield SchemaDifference(table, "", "missing", "table", "a table", "no table")
        else:
            yield from _of_columns(table, model, live[table])
            yield from _of_keys(table, model, live[table])


def _of_columns(table: str, model: ExpectedTable, live: LiveTable) -> Iterator[SchemaDifference]:
    for column in model.columns:
        wanted = column.type + ("" if column.nullable else " not null")
        if column.name not in live.columns:
            yield SchemaDifference(table, column.name, "missing", "column", wanted, "no column")
            continue
        found = live.columns[column.name].partition(" default ")[0]
        kind = found.removesuffix(" not null")
        if kind != column.type:
            yield SchemaDifference(table, column.name, "other", "type", column.type, kind)
        if found.endswith(" not null") == column.nullable:
            yield SchemaDifference(table, column.name, "other", "nullability", wanted, found)
    known = {column.name for column in model.columns}
    for name, text in live.columns.items():
        if name not in known:
            yield SchemaDifference(table, name, "extra", "column", "no column", text)


def _of_keys(table: str, model: ExpectedTable, live: LiveTable) -> Iterator[SchemaDifference]:
    columns = set(live.columns)
    known: set[str] = set()
    for wanted in model.constraints:
        # What a missing column would have had is missing with it.
        if any(column.partition(" ")[0] not in columns for column in wanted.columns):
            continue
        found = [key for key in live.keys if _serves(key, wanted)]
        known |= {key.name for key in found}
        if not found:
            same = next((key.text for key in live.keys if key.name == wanted.name), "")
            how = "other" if same else "missing"
            text = f"{wanted.kind} ({', '.join(wanted.columns)})"
            yield SchemaDifference(
                table, wanted.name, how, wanted.kind, text, same or "nothing", wanted
            )
    too_many = columns - {column.name for column in model.columns}
    for key in {key.name: key for key in live.keys}.values():  # a constraint hides its index
        if " INVALID" in key.text:
            yield SchemaDifference(table, key.name, "invalid", "index", "a valid index", key.text)
        elif key.text.endswith((" NOT VALID", " NOT ENFORCED")):
            yield SchemaDifference(
                table, key.name, "not validated", key.kind, "a validated constraint", key.text
            )
        elif key.name not in known and key.kind in ("unique", "foreign", "check"):
            if too_many & {column.partition(" ")[0] for column in key.columns}:
                continue  # it goes with its column
            yield SchemaDifference(table, key.name, "extra", key.kind, "nothing", key.text)


def _serves(live: LiveKey, wanted: ExpectedConstraint) -> bool:
    """Tell whether a live key does what the wanted one is for."""
    if wanted.identified_by_name:
        return live.name == wanted.name
    if wanted.kind == "check":
        return live.kind == "check" and bool(
            re.search(rf"\b{re.escape(wanted.columns[0])}\b", live.text)
        )
    if wanted.kind == "foreign":
        return (live.kind, live.columns, live.target) == (
            "foreign",
            wanted.columns,
            wanted.referenced_table,
        )
    if wanted.kind == "index":
        # An index over more columns finds by the first of them as well; MySQL keeps only that one.
        first = live.columns[: len(wanted.columns)]
        return live.kind in ("index", "unique", "primary") and first == wanted.columns
    kinds = ("primary",) if wanted.kind == "primary" else ("unique", "primary")
    return live.kind in kinds and set(live.columns) == set(wanted.columns)
