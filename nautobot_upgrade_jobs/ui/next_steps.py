"""The road of an upgrade: which Job comes after which, and with what its form is filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .job_outcome import JobOutcome

JOBS = {
    "preflight": "Preflight",
    "snapshot": "Capture Snapshot",
    "compare": "Compare Snapshots",
    "verify": "Verify Migrations",
    "rollback": "Rollback Planner",
}
"""Our Jobs by kind, as they are called."""
GOOD_VERDICTS = ("go", "caution", "complete")
RERUN = "again"
"""Parameter of a form that is filled as it was for an earlier run."""


@dataclass(frozen=True)
class NextStep:
    """One sensible thing to do next."""

    kind: str
    """Of the Job to run."""
    label: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """What its form is filled with."""


@dataclass(frozen=True)
class Stage:
    """A stop on the road, and why one stops there."""

    kind: str
    question: str

    @property
    def title(self) -> str:
        """The Job's name."""
        return JOBS[self.kind]


STAGES = (
    Stage("preflight", "May I upgrade, and what do I do first?"),
    Stage("snapshot", "What is the state of all that can change?"),
    Stage("verify", "Did the upgrade really finish?"),
    Stage("compare", "What changed, and was it to be expected?"),
    Stage("rollback", "How do I get back, and what is lost?"),
)
LAST_STAGE_BEFORE_UPGRADE = "snapshot"
"""The station after which the upgrade itself takes place."""


def suggest_next_steps(
    kind: str, outcome: JobOutcome, run: str, fields: Mapping[str, str]
) -> Iterator[NextStep]:
    """Yield what to do after a run, the most sensible first.

    Args:
        kind: Of the Job that has run.
        outcome: What it came to.
        run: Primary key of its result.
        fields: What its form was filled with; keys of other runs are among it.
    """
    if not outcome.ended:
        return
    again = NextStep(kind, f"Run {JOBS[kind]} again", {RERUN: run})
    before = fields.get("before") or fields.get("snapshot_result") or ""
    if kind in ("preflight", "snapshot") and outcome.verdict not in GOOD_VERDICTS:
        yield again
    elif kind == "preflight":
        target = _parse_version(outcome.target)
        yield NextStep("snapshot", "Capture a snapshot", {"target": target} if target else {})
        yield again
    elif kind == "snapshot":
        yield NextStep("verify", "After the upgrade: verify it", {"before": run})
        yield NextStep("compare", "Compare with the present", {"before": run})
        yield NextStep("rollback", "Plan the way back", {"snapshot_result": run})
    elif kind == "verify":
        back = NextStep("rollback", "Plan the way back", _optional_field("snapshot_result", before))
        compare = NextStep("compare", "See what changed", _optional_field("before", before))
        yield from (compare, again) if outcome.verdict in GOOD_VERDICTS else (again, back)
    else:
        words = "Verify the upgrade" if kind == "compare" else "After the way back: verify it"
        verify = NextStep("verify", words, _optional_field("before", before))
        yield from (verify, again) if outcome.has_verdict else (again, verify)


def _optional_field(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _parse_version(label: str) -> str:
    """Return the version that a label such as ``Nautobot 3.2.7`` ends with."""
    word = label.rpartition(" ")[2]
    return word if word[:1].isdigit() else ""
