"""The road of an upgrade: which Job comes after which, and with what its form is filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .job_outcome import Outcome

JOBS = {
    "preflight": "Preflight",
    "snapshot": "Capture Snapshot",
    "compare": "Compare Snapshots",
    "verify": "Verify Migrations",
    "rollback": "Rollback Planner",
}
"""Our Jobs by kind, as they are called."""
WELL = ("go", "caution", "complete")
AGAIN = "again"
"""Parameter of a form that is filled as it was for an earlier run."""


@dataclass(frozen=True)
class Step:
    """One sensible thing to do next."""

    kind: str
    """Of the Job to run."""
    label: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """What its form is filled with."""


@dataclass(frozen=True)
class Station:
    """A stop on the road, and why one stops there."""

    kind: str
    asks: str

    @property
    def title(self) -> str:
        """The Job's name."""
        return JOBS[self.kind]


STATIONS = (
    Station("preflight", "May I upgrade, and what do I do first?"),
    Station("snapshot", "What is the state of all that can change?"),
    Station("verify", "Did the upgrade really finish?"),
    Station("compare", "What changed, and was it to be expected?"),
    Station("rollback", "How do I get back, and what is lost?"),
)
UPGRADE_AFTER = "snapshot"
"""The station after which the upgrade itself takes place."""


def next_steps(kind: str, outcome: Outcome, run: str, fields: Mapping[str, str]) -> Iterator[Step]:
    """Yield what to do after a run, the most sensible first.

    Args:
        kind: Of the Job that has run.
        outcome: What it came to.
        run: Primary key of its result.
        fields: What its form was filled with; keys of other runs are among it.
    """
    if not outcome.ended:
        return
    again = Step(kind, f"Run {JOBS[kind]} again", {AGAIN: run})
    before = fields.get("before") or fields.get("snapshot_result") or ""
    if kind in ("preflight", "snapshot") and outcome.verdict not in WELL:
        yield again
    elif kind == "preflight":
        target = _version(outcome.target)
        yield Step("snapshot", "Capture a snapshot", {"target": target} if target else {})
        yield again
    elif kind == "snapshot":
        yield Step("verify", "After the upgrade: verify it", {"before": run})
        yield Step("compare", "Compare with the present", {"before": run})
        yield Step("rollback", "Plan the way back", {"snapshot_result": run})
    elif kind == "verify":
        back = Step("rollback", "Plan the way back", _if("snapshot_result", before))
        compare = Step("compare", "See what changed", _if("before", before))
        yield from (compare, again) if outcome.verdict in WELL else (again, back)
    else:
        words = "Verify the upgrade" if kind == "compare" else "After the way back: verify it"
        verify = Step("verify", words, _if("before", before))
        yield from (verify, again) if outcome.looked else (again, verify)


def _if(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _version(label: str) -> str:
    """Return the version that a label such as ``Nautobot 3.2.7`` ends with."""
    word = label.rpartition(" ")[2]
    return word if word[:1].isdigit() else ""
