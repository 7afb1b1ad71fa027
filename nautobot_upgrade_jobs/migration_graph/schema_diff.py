"""Compare the actual schema with the schema that the applied migrations should have created.

Constraints are identified by function, not by name. Django generates their names from the names of
the table and the column, and a later migration can rename the table or the column.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ..facts import Schema
from ..facts.expected_schema import ExpectedConstraint, ExpectedTable


@dataclass(frozen=True)
class ActualConstraint:
    """An index or a constraint of the actual schema."""

    kind: str
    """``primary``, ``unique``, ``index``, ``partial``, ``foreign``, ``check`` or ``other``."""
    columns: tuple[str, ...]
    name: str
    definition: str
    """The definition, as the server prints it."""
    referenced_table: str = ""
    """The table that a foreign key refers to."""
    is_valid: bool = True
    """Whether the server uses the index or enforces the constraint for all rows."""
    is_index: bool = False


@dataclass(frozen=True)
class ActualTable:
    """A table of the actual schema."""

    columns: dict[str, str]
    """By column name: type and nullability."""
    constraints: tuple[ActualConstraint, ...]
    required_columns: frozenset[str] = frozenset()
    """Columns that need a value and have no default."""

    def constraint(self, name: str) -> ActualConstraint:
        """Return a constraint or an index by name. If there are two, return the constraint."""
        return next(each for each in reversed(self.constraints) if each.name == name)

    def column_of(self, field: str) -> str:
        """Return the column of a model field. The column of a foreign key ends in ``_id``."""
        return field if field in self.columns else f"{field}_id"


@dataclass(frozen=True)
class SchemaDrift:
    """One deviation of the actual schema from the expected schema."""

    table: str
    subject: str
    """Name of a column or a constraint. Empty for the table itself."""
    kind: str
    """``missing``, ``other`` (exists but differs), ``extra``, ``invalid``, ``not validated``."""
    aspect: str
    """``table``, ``column``, ``type``, ``nullability``, or the kind of a constraint."""
    expected: str
    actual: str
    constraint: ExpectedConstraint | None = None
    is_index: bool = False
    """Whether the actual object is an index, not a constraint."""
    blocks_inserts: bool = False
    """Whether Nautobot can add no row, because it knows no value for an additional column."""


def actual_tables(schema: Schema) -> dict[str, ActualTable]:
    """Return all tables of a schema by name."""
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for name, description in schema.columns.items.items():
        table, _, column = name.partition(".")
        columns[table][column] = description
    constraints: dict[str, list[ActualConstraint]] = defaultdict(list)
    for listing, invalid, parse in (
        (schema.indexes, schema.invalid_indexes, _parse_index),
        (schema.constraints, schema.unvalidated_constraints, _parse_constraint),
    ):
        for name, definition in listing.items.items():
            table, _, own_name = name.partition(".")
            parsed = parse(own_name, definition)
            constraints[table].append(
                replace(parsed, is_valid=name not in invalid, is_index=listing is schema.indexes)
            )
    required: dict[str, set[str]] = defaultdict(set)
    for name in schema.required_columns:
        table, _, column = name.partition(".")
        required[table].add(column)
    return {
        table: ActualTable(table_columns, tuple(constraints[table]), frozenset(required[table]))
        for table, table_columns in columns.items()
    }


INDEX_PATTERN = re.compile(
    r"CREATE (?P<unique>UNIQUE )?INDEX .* USING \w+ \((?P<columns>.*?)\)(?P<more>.*)"
)
CONSTRAINT_PATTERN = re.compile(
    r"(?P<kind>PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK) ?(NULLS NOT DISTINCT )?\((?P<columns>.*?)\)"
    r"( REFERENCES| )?(?P<target> ?[\w\".]+)?"
)
CONSTRAINT_KINDS = {
    "PRIMARY KEY": "primary",
    "UNIQUE": "unique",
    "FOREIGN KEY": "foreign",
    "CHECK": "check",
}


def _parse_index(name: str, definition: str) -> ActualConstraint:
    if match := INDEX_PATTERN.match(definition):
        kind = "unique" if match["unique"] else "index"
        if "WHERE" in match["more"]:
            kind = "partial"  # identified by its name only
        return ActualConstraint(kind, _column_names(match["columns"]), name, definition)
    unique, _, columns = definition.partition("(")  # MySQL
    kind = "unique" if unique else "index"
    return ActualConstraint(kind, _column_names(columns.rstrip(")")), name, definition)


def _parse_constraint(name: str, definition: str) -> ActualConstraint:
    match = CONSTRAINT_PATTERN.match(definition)
    if not match:
        return ActualConstraint("other", (), name, definition)
    kind = CONSTRAINT_KINDS[match["kind"]]
    referenced = (match["target"] or "").strip().strip('"').rpartition(".")[2]
    return ActualConstraint(
        kind,
        _column_names(match["columns"]),
        name,
        definition,
        referenced if kind == "foreign" else "",
    )


def _column_names(columns: str) -> tuple[str, ...]:
    return tuple(part.strip().replace('"', "") for part in columns.split(",") if part.strip())


def schema_drift(
    expected: dict[str, ExpectedTable],
    actual: dict[str, ActualTable],
    views: Collection[str] = (),
) -> Iterator[SchemaDrift]:
    """Yield the deviations of the actual schema, table by table.

    Additional indexes that are not unique are ignored, because they only slow down writes.

    Args:
        expected: The tables that the applied migrations should have created, by name.
        actual: The tables of the database, by name.
        views: Names of views and foreign tables.
    """
    for table, model in sorted(expected.items()):
        if table in views:
            yield SchemaDrift(table, "", "other", "table", "a table", "a view or a foreign table")
        elif table not in actual:
            yield SchemaDrift(table, "", "missing", "table", "a table", "no table")
        else:
            yield from _column_drift(table, model, actual[table])
            yield from _missing_constraints(table, model, actual[table])
            yield from _unexpected_constraints(table, model, actual[table])


def _column_drift(table: str, model: ExpectedTable, actual: ActualTable) -> Iterator[SchemaDrift]:
    for column in model.columns:
        name = column.name
        expected = column.type + ("" if column.nullable else " not null")
        if name not in actual.columns:
            yield SchemaDrift(table, name, "missing", "column", expected, "no column")
            continue
        description = actual.columns[name].partition(" default ")[0]
        actual_type = description.removesuffix(" not null")
        if actual_type != column.type:
            yield SchemaDrift(table, name, "other", "type", column.type, actual_type)
        if description.endswith(" not null") == column.nullable:
            yield SchemaDrift(table, name, "other", "nullability", expected, description)
    expected_names = {column.name for column in model.columns}
    for name, description in actual.columns.items():
        if name not in expected_names:
            yield SchemaDrift(
                table,
                name,
                "extra",
                "column",
                "no column",
                description,
                blocks_inserts=name in actual.required_columns,
            )


def _missing_constraints(
    table: str, model: ExpectedTable, actual: ActualTable
) -> Iterator[SchemaDrift]:
    for expected in model.constraints:
        # The drift of a missing column already reports its constraints.
        if any(column.partition(" ")[0] not in actual.columns for column in expected.columns):
            continue
        if any(_satisfies(constraint, expected) for constraint in actual.constraints):
            continue
        # A constraint and its index have the same name. The constraint is last.
        same_name = next(
            (each for each in reversed(actual.constraints) if each.name == expected.name), None
        )
        yield SchemaDrift(
            table,
            expected.name,
            "other" if same_name else "missing",
            expected.kind,
            f"{expected.kind} ({', '.join(expected.columns)})",
            same_name.definition if same_name else "nothing",
            expected,
            bool(same_name and same_name.is_index),
        )


def _unexpected_constraints(
    table: str, model: ExpectedTable, actual: ActualTable
) -> Iterator[SchemaDrift]:
    """Yield invalid, unvalidated and additional constraints.

    An additional one has no repair, even if it is invalid: the rows need not satisfy it.
    """
    expected_names = {
        constraint.name
        for constraint in actual.constraints
        if any(_satisfies(constraint, expected) for expected in model.constraints)
    }
    extra_columns = set(actual.columns) - {column.name for column in model.columns}
    # A constraint and its index have the same name. The constraint is last.
    invalid = {
        each.name: each for each in actual.constraints if each.is_index and not each.is_valid
    }
    for name, constraint in {each.name: each for each in actual.constraints}.items():
        kind, definition = constraint.kind, constraint.definition
        if name in expected_names and name in invalid:
            definition = invalid[name].definition
            yield SchemaDrift(table, name, "invalid", "index", "a valid index", definition)
        elif name in expected_names and not constraint.is_valid:
            expected = "a validated constraint"
            yield SchemaDrift(table, name, "not validated", kind, expected, definition)
        elif name not in expected_names and kind in ("unique", "foreign", "check"):
            if extra_columns & {column.partition(" ")[0] for column in constraint.columns}:
                continue  # The drift of the column already reports it.
            is_index = constraint.is_index
            yield SchemaDrift(table, name, "extra", kind, "nothing", definition, is_index=is_index)


def _satisfies(actual: ActualConstraint, expected: ExpectedConstraint) -> bool:
    """Return whether an actual constraint has the function of an expected constraint."""
    if expected.identified_by_name:
        return actual.name == expected.name
    if expected.kind == "check":
        column = rf"\b{re.escape(expected.columns[0])}\b"
        return actual.kind == "check" and bool(re.search(column, actual.definition))
    if expected.kind == "foreign":
        return (actual.kind, actual.columns, actual.referenced_table) == (
            "foreign",
            expected.columns,
            expected.referenced_table,
        )
    if expected.kind == "index":
        # A longer index with the same leading columns is enough. MySQL keeps only the longer one.
        leading = actual.columns[: len(expected.columns)]
        return actual.kind in ("index", "unique", "primary") and leading == expected.columns
    kinds = ("primary",) if expected.kind == "primary" else ("unique", "primary")
    return actual.kind in kinds and set(actual.columns) == set(expected.columns)
