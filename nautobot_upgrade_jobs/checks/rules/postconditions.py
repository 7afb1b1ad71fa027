"""Postconditions of data migrations: the rows that violate them."""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import NOT_COLLECTED, FactUnavailable, PostconditionCounts, Unavailable
from ..build import warning
from ..findings import Finding, Impact, Phase
from ..registry import check
from ..text import plural


@check(stage="verify", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS)
def violated(postconditions: PostconditionCounts, catalog: Catalog) -> Iterator[Finding]:
    """Every row satisfies the postconditions of the applied data migrations.

    Why: a data migration ignores rows that it does not expect, or does not run because its record
        was faked. The rows then keep the meaning of the old release, or lose their values.
    Fix: follow the remediation of the finding while the backup is available.
    """
    counts = {
        each.id: postconditions.violating_rows.get(each.id, NOT_COLLECTED)
        for each in catalog.postconditions
    }
    for postcondition in catalog.postconditions:
        rows = counts[postcondition.id]
        if isinstance(rows, int) and rows:
            yield warning(
                postcondition.id,
                f"After {postcondition.migration}, {postcondition.description}."
                f" {plural(rows, 'row')} {'violates' if rows == 1 else 'violate'} this rule.",
                fix=postcondition.remediation,
                evidence=(postcondition.sql,),
                see=(postcondition.reference,),
            )
    unavailable = {id_: rows for id_, rows in counts.items() if isinstance(rows, Unavailable)}
    if unavailable:
        raise FactUnavailable(
            "; ".join(f"{id_}: {rows.reason}" for id_, rows in unavailable.items())
        )
