"""What an operation of a migration costs the server: rows read or written, and who waits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from django.db import connection
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterIndexTogether,
    AlterUniqueTogether,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AlterTogetherOptionOperation
from django.db.models import CheckConstraint, Field

from ..db.column_types import ENDLESS, is_text, length_of, mysql
from .schema_tracker import Place, Walk

ONE_BYTE = 63
"""Characters of utf8mb4 up to which MySQL keeps the length of a varchar in one byte."""


@singledispatch
def kinds_of_work(one: Operation, walk: Walk, place: Place) -> Iterator[str]:
    """Yield ``rewrite``, ``scan`` or ``index``; most operations only change the catalog.

    PostgreSQL: documentation of ALTER TABLE; MySQL: "Online DDL Operations" of its manual.

    Args:
        one: It is about to be done.
        walk: Where the plan is.
        place: The model that it works on; its table is there today.
    """
    yield from ()


@kinds_of_work.register
def _(one: AddField, walk: Walk, place: Place) -> Iterator[str]:
    new = one.field
    if new.many_to_many:
        return
    if getattr(new, "generated", False):
        yield "rewrite"
    yield from _of_a_reference(new)
    if new.db_index or new.unique:
        yield "index"


@kinds_of_work.register
def _(one: AlterField, walk: Walk, place: Place) -> Iterator[str]:
    old, new = walk.before(place).fields.get(one.name), one.field
    if old is None or not walk.column(place, one.name) or new.many_to_many:
        return
    if not old.is_relation and not new.is_relation and _changes_type(old, new):
        yield "rewrite"
    elif old.null != new.null and (mysql() or not new.null):
        yield "rewrite" if mysql() else "scan"
    if new.is_relation and walk.target(place, new) != walk.target(place, old):
        yield from _of_a_reference(new)
    if (new.db_index or new.unique) and not (old.db_index or old.unique):
        yield "index"


@kinds_of_work.register
def _(one: RemoveField, walk: Walk, place: Place) -> Iterator[str]:
    old = walk.before(place).fields.get(one.name)
    if mysql() and old is not None and (old.db_index or old.unique):
        yield "rewrite"


@kinds_of_work.register
def _(one: AddConstraint, walk: Walk, place: Place) -> Iterator[str]:
    if not isinstance(one.constraint, CheckConstraint):
        yield "index"
    else:
        yield "rewrite" if mysql() else "scan"


@kinds_of_work.register
def _(one: AddIndex, walk: Walk, place: Place) -> Iterator[str]:
    yield "index"


@kinds_of_work.register(AlterIndexTogether)
@kinds_of_work.register(AlterUniqueTogether)
def _(one: AlterTogetherOptionOperation, walk: Walk, place: Place) -> Iterator[str]:
    if walk.newly_together(one, place):
        yield "index"


def _of_a_reference(new: Field) -> Iterator[str]:
    if new.is_relation and getattr(new, "db_constraint", False):
        yield "rewrite" if mysql() else "scan"


def _changes_type(old: Field, new: Field) -> bool:
    """Tell whether the values have to be written anew; longer texts need not, as a rule."""
    before, after = old.db_type(connection), new.db_type(connection)
    if before == after or not (is_text(before) and is_text(after)):
        return bool(before != after)
    was, becomes = length_of(before), length_of(after)
    if not mysql():
        return becomes < was
    if ENDLESS in (was, becomes):
        return True
    return becomes < was or (was <= ONE_BYTE < becomes)
