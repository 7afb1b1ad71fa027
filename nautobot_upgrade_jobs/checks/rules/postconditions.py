"""What data migrations were to leave behind: does it hold for every row?"""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import FactUnavailable, PostconditionCounts, Unavailable
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural


@check(stage="verify")
def violated(postconditions: PostconditionCounts, catalog: Catalog) -> Iterator[Finding]:
    """What the data migrations were to bring about holds for every row.

    Why: a data migration passes over what it does not know, or is skipped by a record that was
        faked; then rows keep the meaning of the old release, or lose what they had.
    Fix: do what the finding says, while the backup is at hand.
    """
    missing = {
        id_: rows
        for id_, rows in postconditions.violating_rows.items()
        if isinstance(rows, Unavailable)
    }
    if missing:
        raise FactUnavailable("; ".join(f"{id_}: {one.reason}" for id_, one in missing.items()))
    for one in catalog.postconditions:
        rows = postconditions.violating_rows.get(one.id, 0)
        if isinstance(rows, int) and rows:
            yield Finding(
                severity=Severity.WARNING,
                subject=one.id,
                message=(
                    f"After {one.migration}, {one.description}; of {plural(rows, 'row')} that is "
                    "not true."
                ),
                remediation=one.remediation,
                phase=Phase.MIGRATE,
                impact=Impact.DATA_LOSS,
                evidence=(one.sql,),
                references=(one.reference,),
            )
