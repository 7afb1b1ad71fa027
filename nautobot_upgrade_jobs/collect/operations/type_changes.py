"""Derive what a change of a column's type requires of its values."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.db.models import DecimalField, Field

from ...facts.preconditions import Precondition, PreconditionKind
from ..db.column_types import get_max_length, is_text
from .schema_tracker import TableRef

SAFE_CASTS = frozenset(
    {
        ("DateField", "DateTimeField"),
        ("DateTimeField", "DateField"),
        ("DateTimeField", "TimeField"),
        ("BooleanField", "IntegerField"),
        ("IntegerField", "BooleanField"),
        *((name, "FloatField") for name in ("SmallIntegerField", "IntegerField")),
    }
)
"""Old and new types of which the server converts every value."""
MAX_INDEX_BYTES = 2696
"""Size of the largest value in a B-tree of PostgreSQL with pages of 8 KB."""
MAX_UTF8_BYTES = 4
INTEGER_RANKS = {"SmallIntegerField": 0, "IntegerField": 1, "BigIntegerField": 2}


def build_precondition(
    table_ref: TableRef,
    kind: PreconditionKind,
    *columns: str,
    bound: str = "",
    name: str = "",
    expressions: tuple[str, ...] = (),
) -> Precondition:
    """Return a precondition without a migration."""
    return Precondition(
        kind, "", "", table_ref.table, columns, bound, name, expressions=expressions
    )


def index_size_preconditions(
    table_ref: TableRef, column: str, field: Field
) -> Iterator[Precondition]:
    """Yield that each value fits into an index, if the type of the column allows larger values.

    The limit of PostgreSQL is a third of a page, after compression. MySQL refuses the index of such
    a column whatever its values are.
    """
    db_type = None if field.is_relation else field.db_type(connection)
    can_be_large = is_text(db_type) and get_max_length(db_type) * MAX_UTF8_BYTES > MAX_INDEX_BYTES
    if connection.vendor == "postgresql" and can_be_large:
        bound = str(MAX_INDEX_BYTES)
        yield build_precondition(table_ref, PreconditionKind.INDEX_SIZE, column, bound=bound)


def type_change_preconditions(
    table_ref: TableRef, column: str, old: Field, new: Field
) -> Iterator[Precondition]:
    """Yield what a change of a column's type requires of its values."""
    old_type, new_type = old.db_type(connection), new.db_type(connection)
    max_length = get_max_length(new_type)
    if max_length < get_max_length(old_type):
        kind = PreconditionKind.TRUNCATES if is_cast(old, new) else PreconditionKind.MAX_LENGTH
        yield build_precondition(table_ref, kind, column, bound=str(max_length))
    elif old_type != new_type and not is_text(new_type) and not _is_widening(old, new):
        if range_condition := _build_range_condition(old, new, column):
            yield build_precondition(
                table_ref, PreconditionKind.NUMERIC_RANGE, column, bound=range_condition
            )
        else:
            yield build_precondition(
                table_ref,
                PreconditionKind.UNTESTED,
                column,
                bound=f"the conversion from {old_type} to {new_type} is not tested",
            )
    condition = _get_db_check(new, column)
    if condition and condition != _get_db_check(old, column):
        yield build_precondition(table_ref, PreconditionKind.CHECK, column, bound=condition)


def is_cast(old: Field, new: Field) -> bool:
    """Return whether PostgreSQL changes the type by a cast, which truncates long values.

    See ``_using_sql`` in ``django.db.backends.postgresql.schema``. Without a cast, and on MySQL,
    the server rejects values that are too long.
    """
    if connection.vendor != "postgresql":
        return False
    editor = connection.schema_editor()
    return bool(editor._field_data_type(old) != editor._field_data_type(new))


def _is_widening(old: Field, new: Field) -> bool:
    """Return whether the new type can hold every value of the old type."""
    types = tuple(_get_base_field_type(field) for field in (old, new))
    if types in SAFE_CASTS:
        return True
    if isinstance(old, DecimalField) and isinstance(new, DecimalField):
        extra_places = new.decimal_places - old.decimal_places
        return bool(extra_places >= 0 and new.max_digits - old.max_digits >= extra_places)
    ranks = [INTEGER_RANKS.get(_get_base_field_type(field), -1) for field in (old, new)]
    return 0 <= ranks[0] <= ranks[1]


def _build_range_condition(old: Field, new: Field, column: str) -> str:
    """Return the condition under which a number fits into a narrower type.

    The condition is empty unless both types are numbers with known limits. The server rounds extra
    decimal places first.
    """
    name, is_integer = connection.ops.quote_name(column), _get_base_field_type(old) in INTEGER_RANKS
    if isinstance(new, DecimalField) and (is_integer or isinstance(old, DecimalField)):
        limit = 10 ** (new.max_digits - new.decimal_places)
        return f"abs(round({name}, {new.decimal_places})) < {limit}"
    if not is_integer or _get_base_field_type(new) not in INTEGER_RANKS:
        return ""
    low, high = connection.ops.integer_field_range(new.get_internal_type())
    if _get_db_check(new, column):
        return f"{name} <= {high}"  # the CHECK of the lower limit is a separate precondition
    return f"{name} BETWEEN {low} AND {high}"


def _get_base_field_type(field: Field) -> str:
    kind = str(field.get_internal_type())
    return kind.removeprefix("Positive").replace("AutoField", "IntegerField")


def _get_db_check(field: Field, column: str) -> str:
    """Return the CHECK condition of a field's type, such as ``"number" >= 0``. Empty if none."""
    bound = field.clone()
    bound.set_attributes_from_name(column)
    return str(bound.db_check(connection) or "")
