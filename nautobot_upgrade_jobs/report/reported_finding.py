"""A finding as a report shows it, and the findings that have one cause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

from ..checks.findings import Acceptance, Finding, Severity
from ..checks.remediation import When

MAX_ANCHOR_LENGTH = 120


@dataclass(frozen=True)
class ReportedFinding:
    """A finding with its check and, if accepted, its acceptance."""

    key: str
    topic: str
    check: str
    expected: str
    """The requirement that the check verifies, in one sentence."""
    why: str
    finding: Finding
    acceptance: Acceptance | None
    is_planned: bool = False
    """Whether the report covers a planned upgrade."""

    @property
    def is_acceptable(self) -> bool:
        """Whether it can be accepted: a blocker of the upgrade only into the window, no info."""
        stops = self.is_planned and self.finding.stops_upgrade
        if stops:
            return self.finding.when is When.WINDOW
        return self.finding.severity is not Severity.INFO

    @property
    def anchor(self) -> str:
        """The id of the finding in the HTML report."""
        readable = re.sub(r"[^A-Za-z0-9_.:-]+", "-", self.key)[:MAX_ANCHOR_LENGTH]
        return f"finding-{readable}-{crc32(self.key.encode('utf-8', 'surrogatepass')):08x}"

    @property
    def is_scheduled(self) -> bool:
        """Whether the acceptance schedules a fix into the maintenance window."""
        return self.acceptance is not None and self.is_planned and self.finding.stops_upgrade


@dataclass(frozen=True)
class FindingGroup:
    """The open findings of one check with one severity. They have the same cause."""

    first: ReportedFinding
    size: int

    @property
    def others(self) -> int:
        """Number of findings besides the first."""
        return self.size - 1
