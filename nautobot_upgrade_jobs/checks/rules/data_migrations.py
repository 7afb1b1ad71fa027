"""Code that pending migrations run on the rows."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Unavailable, or_none
from ...facts.migration_code import CodeAccess, MigrationCode, RequirementKind
from ...facts.trial_boot import TrialBoot
from ...upgrade.rehearsed import RehearsalEvidence
from ..build import info, warning
from ..findings import Finding, Impact, Phase
from ..planned_upgrade import require_preconditions
from ..references import MIGRATION_OPERATIONS
from ..registry import NotApplicable, check
from ..text import plural

ACCESS_TEXTS = {
    CodeAccess.WRITES: "writes",
    CodeAccess.READS: "only reads",
    CodeAccess.SCHEMA: "changes the schema by SQL. Preflight compares only declared changes",
    CodeAccess.UNKNOWN: "has no readable source, and may write anything",
}
REQUIREMENT_TEXTS = {
    RequirementKind.ONE_ROW: "stops unless exactly one row matches",
    RequirementKind.ANY_ROW: "stops if no row matches",
    RequirementKind.CONVERTIBLE: "stops at a value that cannot be converted by",
}


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(MIGRATION_OPERATIONS,))
def raised_exceptions(
    trial_boot: TrialBoot, evidence: RehearsalEvidence | Unavailable
) -> Iterator[Finding]:
    """No data migration of an App contains a condition that raises an exception.

    Why: a data migration can refuse rows that it does not expect. `migrate` then stops half-way.
        The source shows the condition, but not whether a row meets it. For Nautobot's own data
        migrations, other checks test the conditions.
    Fix: find the rows that meet the condition, or rehearse the upgrade on a copy of the data.
    """
    preconditions = require_preconditions(trial_boot)
    _require_unrehearsed(evidence)
    for code in preconditions.code:
        if code.raises and not code.is_core:
            yield warning(
                f"{code.migration} {code.location.rpartition(':')[2]}".strip(),
                f"Migration {code.migration} ({code.operation}) can stop `migrate`. Its code "
                f"raises {plural(len(code.raises), 'exception')} under the conditions in the "
                "evidence. Preflight did not check whether a row meets them.",
                fix=f"Read {code.location}. Find the rows that meet a condition, and change them "
                "before the upgrade. To be sure, rehearse the upgrade on a copy of the data.",
                evidence=code.raises,
            )


@check(phase=Phase.MIGRATE, impact=Impact.UNKNOWN, see=(MIGRATION_OPERATIONS,))
def unrehearsed_code(
    trial_boot: TrialBoot, evidence: RehearsalEvidence | Unavailable
) -> Iterator[Finding]:
    """No pending migration runs code on the rows.

    Why: whether code works depends on each row. The source shows which models and fields the code
        uses. Only a run on a copy of the data shows the result.
    Fix: rehearse the upgrade on a copy of the data.
    """
    code = require_preconditions(trial_boot).code
    _require_unrehearsed(evidence)
    if code:
        verb = "runs" if len({each.migration for each in code}) == 1 else "run"
        yield info(
            "code",
            f"{plural(len({each.migration for each in code}), 'pending migration')} {verb} code "
            "whose result depends on the rows. Only a run on a copy of the data shows the result.",
            fix="Rehearse the upgrade on a copy of the data.",
            evidence=tuple(map(_describe_code, code)),
        )


def _require_unrehearsed(evidence: RehearsalEvidence | Unavailable) -> None:
    """Require that no valid rehearsal has run the code on the rows.

    Raises:
        NotApplicable: One has.
    """
    rehearsal = or_none(evidence)
    if rehearsal and rehearsal.has_migrated:
        raise NotApplicable(f"{rehearsal.label} has run this code on a copy of the rows")


def _describe_code(code: MigrationCode) -> str:
    """Return what the source text of an operation shows."""
    parts = [ACCESS_TEXTS[CodeAccess(code.access)]]
    if code.access == CodeAccess.WRITES and code.fields:
        parts[0] += f" {', '.join(code.fields)}"
    if code.models:
        parts.append(f"uses {', '.join(code.models)}")
    if code.raises:
        parts.append(f"can stop with {plural(len(code.raises), 'exception')}")
    for kind, text in REQUIREMENT_TEXTS.items():
        if expressions := [each.expression for each in code.requirements if each.kind == kind]:
            parts.append(f"{text} {', '.join(expressions)}")
    where = f", {code.location}" if code.location else ""
    return f"{code.migration} ({code.operation}{where}): {'; '.join(parts)}"
