"""The evidence of one Preflight run, and the parts of the report that follow from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from ..app_settings import APP
from ..catalog import Catalog
from ..catalog.records import Durations
from ..catalog.target_release import Target
from ..checks.findings import CheckResult, Finding
from ..checks.registry import Check
from ..checks.remediation import CommandKind
from ..checks.runner import run_checks
from ..deployment.known import known_deployment
from ..facts import Facts, Unavailable, or_none
from ..facts.backup_record import NONE_GIVEN, GivenBackup
from ..facts.rehearsal import RehearsalRecord
from ..facts.resolution import Resolution
from ..facts.storage import media_root
from ..facts.trial_boot import TrialBoot
from ..migration_graph.cost_estimate import NO_DURATIONS, estimate_cost
from ..rollback.backup_check import BackupEvidence
from ..rollback.before_upgrade import UpgradeForecast, evaluate_before_upgrade
from ..rollback.options import RollbackDecision
from ..rollback.record_check import expect_current_state, verify_given_backup
from ..runbook.scheduled_fixes import ScheduledFix
from ..runbook.steps import EMPTY_RUNBOOK, Runbook
from ..runbook.target_packages import TargetPackages
from ..runbook.tool_commands import OutsideTool
from ..runbook.upgrade import UpgradePlan, plan_upgrade
from ..upgrade.downtime import UNKNOWN_DOWNTIME, Downtime, classify_downtime
from ..upgrade.installed_packages import list_packages
from ..upgrade.overview import UpgradeOverview, classify_by_risk, upgrade_path
from ..upgrade.package_changes import (
    PackageChange,
    changed_apps,
    package_changes,
    unresolvable_packages,
)
from ..upgrade.pending import pending_migrations
from ..upgrade.rehearsed import (
    CurrentState,
    RehearsalEvidence,
    choose_rehearsal,
)

TARGET_ALREADY_INSTALLED = Unavailable("the target is already installed")


@dataclass(frozen=True)
class UpgradeEvidence:
    """All facts of a run about the installation, the target and the released versions."""

    facts: Facts
    target: Target
    catalog: Catalog | Unavailable
    resolution: Resolution | Unavailable
    trial_boot: TrialBoot | Unavailable
    given_backup: GivenBackup = NONE_GIVEN
    rehearsals: tuple[RehearsalRecord, ...] = ()
    """Earlier rehearsals, of any target."""
    site: Mapping[type, Any] = field(default_factory=dict)
    """What the collectors of other packages have found, by type."""
    outside: OutsideTool | None = None
    """This tool in an environment of its own. None inside Nautobot."""

    @cached_property
    def rollback(self) -> RollbackDecision | Unavailable:
        """The rollback options of the upgrade, tested on current rows by the target's code."""
        if isinstance(self.trial_boot, Unavailable):
            return self.trial_boot
        target = self.trial_boot.facts
        if not self.trial_boot.is_upgrade:
            return TARGET_ALREADY_INSTALLED
        if isinstance(target.migrations, Unavailable):
            return target.migrations
        return evaluate_before_upgrade(
            UpgradeForecast(
                target.migrations,
                target.planned_reversal,
                target.preconditions,
                () if isinstance(self.catalog, Unavailable) else self.catalog.known_reversals,
                self.facts.tables,
                self.facts.database,
                or_none(self.rehearsal),
            )
        )

    @cached_property
    def pending(self) -> tuple[str, ...] | None:
        """The migrations that the upgrade applies. None if unknown."""
        return pending_migrations(self.facts, self.target, self.catalog, self.trial_boot)

    @cached_property
    def backup(self) -> BackupEvidence:
        """What is known about the backup that the operator names."""
        expected = expect_current_state(self.facts, datetime.now(timezone.utc))
        return verify_given_backup(self.given_backup, expected)

    @cached_property
    def rehearsal(self) -> RehearsalEvidence | Unavailable:
        """The newest rehearsal of this upgrade, and whether it is still valid."""
        migrations, tables = or_none(self.facts.migrations), or_none(self.facts.tables)
        resolution, packages = or_none(self.resolution), or_none(self.facts.packages)
        state = CurrentState(
            self.target.version,
            list_packages(resolution, packages) if resolution and packages else None,
            migrations.recorded if migrations else None,
            tables.row_counts if tables else None,
            datetime.now(timezone.utc),
            self.pending,
        )
        return choose_rehearsal(self.rehearsals, state)

    @property
    def downtime(self) -> Downtime:
        """The downtime that the upgrade needs."""
        if isinstance(self.trial_boot, Unavailable):
            return UNKNOWN_DOWNTIME
        return classify_downtime(
            self.pending, self.trial_boot.facts.preconditions, self.facts.tables, self._durations
        )

    @property
    def migration_seconds(self) -> tuple[float, float] | None:
        """Lower and upper bound of the duration of the migrations. None if unknown."""
        earlier = or_none(self.rehearsal)
        if earlier and (live := earlier.live_duration):
            return live.migrations
        boot, tables = or_none(self.trial_boot), or_none(self.facts.tables)
        preconditions = or_none(boot.facts.preconditions) if boot else None
        if not preconditions or not tables:
            return None
        estimate = estimate_cost(preconditions, tables, self._durations)
        return estimate.low, estimate.high

    @property
    def _durations(self) -> Durations:
        return NO_DURATIONS if isinstance(self.catalog, Unavailable) else self.catalog.durations

    def run(self, checks: Iterable[Check], exclude: Collection[str]) -> tuple[CheckResult, ...]:
        """Run checks on the evidence."""
        return run_checks(
            self.facts,
            self.target,
            self.catalog,
            exclude,
            checks,
            resolution=self.resolution,
            trial_boot=self.trial_boot,
            choice=self.rollback,
            backup=self.backup,
            site=self.site,
            earlier_rehearsal=self.rehearsal,
        )

    def build_overview(self) -> UpgradeOverview:
        """Return the overview of the upgrade. Unknown parts are empty."""
        stops = (
            ()
            if isinstance(self.catalog, Unavailable)
            else self.catalog.upgrade_stops(self.target.installed, self.target.version)
        )
        preconditions = (
            self.trial_boot
            if isinstance(self.trial_boot, Unavailable)
            else self.trial_boot.facts.preconditions
        )
        return UpgradeOverview(
            upgrade_path(self.target.installed, self.target.version, stops),
            classify_by_risk(self.pending or (), preconditions),
            () if isinstance(self.resolution, Unavailable) else self.resolution.apps,
        )

    def list_package_changes(self) -> tuple[PackageChange, ...] | None:
        """Return what the package set changes. None if unknown."""
        packages, resolution = or_none(self.facts.packages), or_none(self.resolution)
        if packages is None or resolution is None:
            return None
        return tuple(package_changes(packages, resolution))

    def build_runbook(self, wheel_directory: str, scheduled: Iterable[Finding] = ()) -> Runbook:
        """Return the upgrade plan. Empty if there is no upgrade or the layout is unknown.

        Args:
            wheel_directory: Folder to install from. Empty for the package index.
            scheduled: Findings that the plan fixes in the maintenance window.
        """
        facts, target = self.facts, self.target
        deployment = known_deployment(facts)
        runtime, database = or_none(facts.runtime), or_none(facts.database)
        if not (deployment and runtime and database):
            return EMPTY_RUNBOOK
        resolution, packages = or_none(self.resolution), or_none(facts.packages)
        manifests = or_none(facts.manifests)
        is_upgrade = target.version != target.installed or target.schema_release
        if not is_upgrade and not (resolution and changed_apps(resolution)):
            return EMPTY_RUNBOOK
        return plan_upgrade(
            UpgradePlan(
                runtime,
                deployment,
                database,
                TargetPackages(
                    target.version,
                    has_constraints=resolution is not None and bool(resolution.constraints),
                    wheel_directory=wheel_directory,
                    not_in_set=()
                    if packages is None or resolution is None
                    else unresolvable_packages(packages, resolution),
                ),
                None if self.pending is None else len(self.pending),
                includes_apps=not isinstance(self.trial_boot, Unavailable),
                app_installed=isinstance(facts.apps, Unavailable)
                or APP in (app.module for app in facts.apps.enabled),
                media=self.outside.media if self.outside else media_root(facts.storage),
                scheduled=tuple(map(_schedule, scheduled)),
                downtime=self.downtime,
                controllers=manifests.interfering if manifests else (),
                outside=self.outside,
            )
        )


def _schedule(finding: Finding) -> ScheduledFix:
    """Return the step's part of a finding: what is wrong and what fixes it."""
    commands = {
        kind: tuple(command.text for command in finding.commands if command.kind is kind)
        for kind in CommandKind
    }
    return ScheduledFix(
        finding.message,
        finding.remediation,
        commands[CommandKind.SHELL],
        commands[CommandKind.SQL],
        commands[CommandKind.CONFIGURATION],
    )
