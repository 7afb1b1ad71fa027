"""Read the copy of a rehearsal: with the installed release, and with the target."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ..catalog import Catalog
from ..catalog.target_release import Target, choose_target
from ..checks.findings import CheckResult
from ..checks.registry import checks_for_stage, required_topics
from ..checks.runner import run_checks
from ..facts import Facts, Unavailable
from ..facts.rehearsal import Comparison
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from ..rehearsal.errors import remaining_seconds
from ..snapshot.compare import Change, ChangeKind
from ..snapshot.file_format import Snapshot
from ..snapshot.fingerprint_diff import SECTION as FINGERPRINTS
from ..target.boot_result import BootFailed
from ..target.deadline import Deadline
from ..target.inspect import BuiltTarget, list_absent_apps
from ..target.installation import Installation
from ..target.isolation import LiveDatabase
from ..target.trial_boot import TrialBooter
from .captured_snapshot import build_snapshot
from .compare import evaluate_changes
from .outside import Reading, build_live_installation
from .outside_capture import SNAPSHOT_TOPICS, describe_old_state
from .outside_facts import FROM_INSIDE, OutsideState, describe_installation
from .outside_installed import COMPARED_TOPICS, STATEMENT_SECONDS, is_supported, read_installed
from .outside_verify import VERIFIED_TOPICS

TARGET_TOPICS = ("packages", "apps", "runtime", *VERIFIED_TOPICS, *COMPARED_TOPICS)
"""What the target reads after the upgrade."""


class StartFailed(BootFailed):
    """The target does not start with all its Apps on the upgraded copy."""


@dataclass
class CopyReader:
    """Reads a copy, whose installation is the live one with another database."""

    copy: Installation
    built: BuiltTarget
    resolution: Resolution
    catalog: Catalog
    target: Target
    deadline: Deadline
    _starts: int = 0

    def read_with_target(self, topics: Collection[str]) -> TrialBoot:
        """Start the target on the copy, read-only.

        Raises:
            BootFailed: It gave no result.
        """
        self._starts += 1
        reading = Reading(tuple(topics), STATEMENT_SECONDS, self._seconds, "buckets")
        live = build_live_installation(self.copy, reading)
        folder = self.built.folder / f"read-{self._starts}"
        booter = TrialBooter(
            self.built.python, folder, live, Deadline(self._seconds), reading.topics
        )
        return booter.run(self.resolution.target, list_absent_apps(self.copy.apps, self.resolution))

    def read_state(self, progress: Callable[[str], None]) -> Snapshot:
        """Read the copy in the state of the installed release.

        Raises:
            BootFailed: It could not be read.
        """
        if is_supported(self.copy):
            facts = read_installed(self.copy, COMPARED_TOPICS, progress)
        else:
            boot = self.read_with_target(("migrations", *SNAPSHOT_TOPICS))
            state = OutsideState(self.copy, self.target, self.resolution, boot)
            facts = describe_old_state(state, self.catalog)
        if isinstance(facts.fingerprints, Unavailable):
            raise BootFailed(facts.fingerprints.reason)
        return build_snapshot(platform.node(), facts)

    def read_upgraded(self) -> Snapshot:
        """Read the upgraded copy with the target.

        Raises:
            StartFailed: It does not start.
            BootFailed: It gave no result.
        """
        boot = self.read_with_target(TARGET_TOPICS)
        problem = boot.failure or next((each.failure for each in boot.app_load_failures), None)
        if problem:
            raise StartFailed(f"the target does not start: {problem.message}")
        described = describe_installation(self.copy, boot.facts.database)
        release = {"runtime": replace(described["runtime"], nautobot=self.target.version)}
        return build_snapshot(
            platform.node(),
            Facts(
                **dict.fromkeys(Facts.topics(), FROM_INSIDE)
                | {topic: getattr(boot.facts, topic) for topic in TARGET_TOPICS}
                | {"database": described["database"]}
                | release
            ),
        )

    def verify(self, upgraded: Snapshot, exclude: Collection[str]) -> tuple[CheckResult, ...]:
        """Run the checks of Verify Migrations that read nothing but the database."""
        known = {
            topic
            for topic in Facts.topics()
            if not isinstance(getattr(upgraded.facts, topic), Unavailable)
        }
        checks = [
            each for each in checks_for_stage("verify") if known >= {*required_topics([each])}
        ]
        release = self.target.version
        results = run_checks(
            upgraded.facts,
            choose_target(self.catalog, release, release),
            self.catalog,
            {check.id for check in checks} & set(exclude),
            checks,
        )
        # A part of a topic can need more than the database.
        return tuple(result for result in results if result.reason != FROM_INSIDE.reason)

    def compare(
        self, before: Snapshot, after: Snapshot
    ) -> tuple[tuple[CheckResult, ...], tuple[Change, ...]]:
        """Compare two states of the copy, as far as both were read."""
        results, changes = evaluate_changes(before, after, self.catalog)
        topics = {
            topic
            for topic in COMPARED_TOPICS
            if getattr(before.facts, topic) != FROM_INSIDE
            and getattr(after.facts, topic) != FROM_INSIDE
        }
        return (
            tuple(each for each in results if each.topic in topics),
            tuple(each for each in changes if each.section.partition(".")[0] in topics),
        )

    @property
    def _seconds(self) -> int:
        return remaining_seconds(self.deadline)


def count_changes(changes: Collection[Change]) -> Comparison:
    """Return the number of changes of each kind."""
    number = Counter(change.kind for change in changes)
    return Comparison(
        explained=number[ChangeKind.EXPECTED],
        unexplained=number[ChangeKind.UNEXPECTED],
        overwritten=sum(
            change.kind is ChangeKind.UNEXPECTED and change.section == FINGERPRINTS
            for change in changes
        ),
        losses=number[ChangeKind.LOST],
        not_comparable=number[ChangeKind.NOT_COMPARABLE],
    )


def describe_copy(installation: Installation, database: LiveDatabase) -> Installation:
    """Return an installation with a copy as its database.

    Args:
        installation: The live installation.
        database: The copy. Its server ignores the password, which readers withhold from their code.
    """
    password = {"password": installation.database.parameters.get("password") or ""}
    reached = LiveDatabase(database.vendor, {**database.parameters, **password})
    return replace(installation, database=reached)


def describe_load() -> tuple[int, float]:
    """Return the number of cores, and the load of this host."""
    return len(os.sched_getaffinity(0)), os.getloadavg()[0]
