"""The stages of an upgrade, and the Jobs to run next after a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .job_outcome import JobOutcome

JOBS = {
    "preflight": "Preflight",
    "rehearse": "Rehearse Upgrade",
    "snapshot": "Capture Snapshot",
    "compare": "Compare Snapshots",
    "verify": "Verify Migrations",
    "rollback": "Rollback Planner",
}
"""Names of this App's Jobs by kind."""
GOOD_VERDICTS = ("go", "caution", "complete")
RERUN = "again"
"""Key in ``NextStep.fields``. Its value is the run whose form values are used again."""


@dataclass(frozen=True)
class NextStep:
    """A Job to run next."""

    kind: str
    """Kind of the Job."""
    label: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Values of the Job's form."""


@dataclass(frozen=True)
class Stage:
    """A stage of the upgrade: a Job, and the question that the Job answers."""

    kind: str
    question: str

    @property
    def title(self) -> str:
        """The Job's name."""
        return JOBS[self.kind]


STAGES = (
    Stage("preflight", "May I upgrade, and what do I do first?"),
    Stage("rehearse", "Does the upgrade work on a copy of our data?"),
    Stage("snapshot", "Record the state for a comparison. It is no backup."),
    Stage("verify", "Did the upgrade really finish?"),
    Stage("compare", "What changed, and was it expected?"),
    Stage("rollback", "How do I roll back, and what is lost?"),
)
LAST_STAGE_BEFORE_UPGRADE = "snapshot"
"""The stage after which the upgrade itself takes place."""


def suggest_next_steps(
    kind: str, outcome: JobOutcome, run: str, fields: Mapping[str, str]
) -> Iterator[NextStep]:
    """Yield the next steps after a run, most useful first.

    Args:
        kind: Kind of the Job that ran.
        outcome: Outcome of the run.
        run: Primary key of the JobResult.
        fields: Values of the run's form. A value can be the primary key of another run.
    """
    if not outcome.ended:
        return
    if outcome.is_partial:
        full = {name: value for name, value in fields.items() if name != "only" and value}
        yield NextStep(kind, f"Run {JOBS[kind]} with all checks", full)
        return
    again = NextStep(kind, f"Run {JOBS[kind]} again", {RERUN: run})
    before = fields.get("before") or fields.get("snapshot_result") or ""
    if kind in ("preflight", "rehearse", "snapshot") and outcome.verdict not in GOOD_VERDICTS:
        yield again
    elif kind in ("preflight", "rehearse"):
        yield NextStep(
            "snapshot", "Capture a snapshot", _optional_field("target", outcome.target_version)
        )
        yield again
    elif kind == "snapshot":
        yield NextStep("verify", "Verify after the upgrade", {"before": run})
        yield NextStep("compare", "Compare with the current state", {"before": run})
        yield NextStep("rollback", "Plan the rollback", {"snapshot_result": run})
    elif kind == "verify":
        rollback = NextStep(
            "rollback", "Plan the rollback", _optional_field("snapshot_result", before)
        )
        compare = NextStep("compare", "Compare snapshots", _optional_field("before", before))
        yield from (compare, again) if outcome.verdict in GOOD_VERDICTS else (again, rollback)
    else:
        label = "Verify the upgrade" if kind == "compare" else "Verify after the rollback"
        verify = NextStep("verify", label, _optional_field("before", before))
        yield from (verify, again) if outcome.has_verdict else (again, verify)


def _optional_field(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}
