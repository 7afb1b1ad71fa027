"""Evaluate rollback options from evidence, for the live planner and the offline planner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import get_args

from ..catalog import Catalog
from ..checks.findings import Severity
from ..checks.registry import checks_for_stage
from ..checks.runner import run_checks
from ..common.errors import UsageError
from ..common.files import ROLLBACK_REQUIREMENTS, UNHASHED_ROLLBACK_REQUIREMENTS
from ..deployment.known import known_deployment
from ..facts import Facts, Unavailable, or_none, require
from ..facts.backup_file import Preamble
from ..facts.backup_record import NONE_GIVEN, GivenBackup
from ..facts.changes_since import ChangesSince
from ..facts.pinned_packages import PinnedPackages
from ..facts.reversal import Reversal
from ..facts.storage import media_root
from ..migration_graph.history import MigrationHistory
from ..migration_graph.partial_migration import PartialMigration, partially_applied
from ..migration_graph.reverse_plan import ReversePlan
from ..migration_graph.schema_diff import actual_tables
from ..report import Report
from ..rollback.backup_check import ExpectedBackup
from ..rollback.diagnosis import Diagnosis, UpgradeState, diagnose
from ..rollback.evaluation import evaluate_options
from ..rollback.options import (
    OptionKind,
    RollbackDecision,
    RollbackSituation,
    recommend,
)
from ..rollback.package_set import RollbackPlan
from ..rollback.record_check import choose_record, verify_given_backup
from ..runbook.rollback import plan_rollback_steps
from ..runbook.steps import EMPTY_RUNBOOK, Runbook
from ..upgrade.installed_packages import installed_versions
from ..upgrade.rehearsed import CurrentState, RehearsalEvidence, choose_rehearsal
from .context import RunContext
from .report_builder import build_report
from .rollback_target import RollbackTarget

ROLLBACK_OPTIONS: tuple[str, ...] = get_args(OptionKind)


@dataclass(frozen=True)
class RollbackEvidence:
    """Facts about the installation, and about the effects of reversing migrations."""

    facts: Facts
    reverse_plan: ReversePlan
    reversal: Reversal | Unavailable
    changes_since: ChangesSince | Unavailable
    backup: GivenBackup = NONE_GIVEN
    pinned_packages: PinnedPackages | None = None
    """The previous packages, pinned. None if the steps install no list of packages."""
    database_state: str = ""
    """Fingerprint by which the script recognizes the database. Empty if there is no script."""

    @property
    def first_applied(self) -> str:
        """Time of the first migration of the upgrade, ISO 8601 in UTC. Empty if it is unknown."""
        return "" if isinstance(self.reversal, Unavailable) else self.reversal.first_applied


def require_option(strategy: str) -> None:
    """Raise an error if a rollback option does not exist.

    Raises:
        UsageError: The option does not exist. The message lists the options.
    """
    if strategy and strategy not in ROLLBACK_OPTIONS:
        known = ", ".join(ROLLBACK_OPTIONS)
        raise UsageError(f"No such strategy: {strategy[:40]}. Known: {known}.")


def assess_rollback(
    evidence: RollbackEvidence, prior: RollbackTarget, context: RunContext, strategy: str
) -> Report:
    """Evaluate the rollback options, and build the report with the steps of one option.

    Args:
        evidence: The evidence from the installation.
        prior: The previous state.
        context: The validated request.
        strategy: The option to plan. Empty for the recommended option.
    """
    situation = RollbackSituation(
        diagnosis=_diagnose_upgrade(evidence, context),
        reverse_plan=evidence.reverse_plan,
        reversal=evidence.reversal,
        baseline=prior.fingerprints,
        changes_since=evidence.changes_since,
        tables=evidence.facts.tables,
        database=evidence.facts.database,
        preconditions=evidence.facts.preconditions,
        volatile=_find_volatile_tables(evidence.facts, prior, context.catalog),
        apps_only=not prior.is_whole,
        rehearsal=_choose_rehearsal(evidence.facts, prior, context),
    )
    choice = _decide(situation, strategy, prior, evidence)
    checks = checks_for_stage("rollback")
    results = run_checks(
        evidence.facts, context.target, context.catalog, context.exclude, checks, choice=choice
    )
    report = build_report(
        results,
        kind="rollback",
        release=context.target.version,
        acceptances=context.acceptances,
        catalog=context.catalog,
        instance=context.config.label,
        current=f"Nautobot {context.target.installed}",
        target=prior.label,
        installed_version=context.target.installed,
        target_version=prior.release or context.target.installed,
    )
    return replace(
        report,
        rollback_decision=choice,
        runbook=_build_runbook(choice, evidence, prior, context.config.wheel_directory),
        package_files=_package_files(evidence.pinned_packages),
        database_state=evidence.database_state,
    )


def _package_files(pinned: PinnedPackages | None) -> dict[str, str]:
    if pinned is None:
        return {}
    return {
        ROLLBACK_REQUIREMENTS: pinned.requirements,
        UNHASHED_ROLLBACK_REQUIREMENTS: pinned.unhashed_requirements,
    }


def _diagnose_upgrade(evidence: RollbackEvidence, context: RunContext) -> Diagnosis:
    facts, migrations = evidence.facts, require(evidence.facts.migrations)
    partial: tuple[PartialMigration, ...] = ()
    if not isinstance(facts.schema, Unavailable) and not isinstance(
        facts.expected_schema, Unavailable
    ):
        expected = facts.expected_schema.tables
        if not isinstance(expected, Unavailable):
            partial = partially_applied(
                MigrationHistory(migrations), actual_tables(facts.schema), expected
            )
    checks = [check for check in checks_for_stage("verify") if check.topic == "post_upgrade"]
    unfinished = [
        result.check
        for result in run_checks(facts, context.target, context.catalog, (), checks)
        if any(finding.severity is not Severity.INFO for finding in result.findings)
    ]
    return diagnose(migrations, evidence.reverse_plan, partial, unfinished)


def _choose_rehearsal(
    facts: Facts, prior: RollbackTarget, context: RunContext
) -> RehearsalEvidence | None:
    """Return the rehearsal of the upgrade that is rolled back. None if there is none."""
    records = context.request.rehearsals
    packages, tables = or_none(facts.packages), or_none(facts.tables)
    state = CurrentState(
        context.target.installed,
        installed_versions(packages) if packages else None,
        prior.recorded,
        tables.row_counts if tables else None,
        datetime.now(timezone.utc),
        is_upgraded=True,
    )
    return or_none(choose_rehearsal(records, state)) if prior.is_whole else None


def _decide(
    situation: RollbackSituation, strategy: str, prior: RollbackTarget, evidence: RollbackEvidence
) -> RollbackDecision:
    options = evaluate_options(situation)
    recommended = recommend(options, situation.diagnosis)
    chosen = next((option for option in options if option.kind == strategy), recommended)
    database = evidence.facts.database
    expected = ExpectedBackup(
        "" if isinstance(database, Unavailable) else database.name,
        prior.fingerprints,
        evidence.reverse_plan.migrations,
        evidence.first_applied,
        system_id="" if isinstance(database, Unavailable) else or_none(database.system_id) or "",
    )
    backup = verify_given_backup(evidence.backup, expected, situation.volatile)
    return RollbackDecision(
        situation.diagnosis,
        options,
        recommended,
        chosen,
        bool(prior.snapshot),
        backup,
        evidence.pinned_packages,
    )


def _find_volatile_tables(
    facts: Facts, prior: RollbackTarget, catalog: Catalog | Unavailable
) -> frozenset[str]:
    """Return the tables of both states that lose rows without a user's action.

    The catalog lists these tables, as for Compare Snapshots.
    """
    if isinstance(catalog, Unavailable):
        return frozenset()
    names = set[str]()
    if not isinstance(facts.tables, Unavailable):
        names |= {table.name for table in facts.tables.tables}
    if not isinstance(prior.fingerprints, Unavailable):
        names |= prior.fingerprints.tables.keys()
    patterns = [
        pattern
        for entry in catalog.volatile_data
        if entry.section == "fingerprints" and (entry.growth_only or entry.fluctuates)
        for pattern in entry.subjects
    ]
    return frozenset(
        name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)
    )


def _build_runbook(
    choice: RollbackDecision,
    evidence: RollbackEvidence,
    prior: RollbackTarget,
    wheel_directory: str,
) -> Runbook:
    """Return the runbook of an option. Empty if the deployment is unknown."""
    facts, pinned, dump = evidence.facts, evidence.pinned_packages, evidence.backup.dump
    deployment = known_deployment(facts)
    runtime, database = or_none(facts.runtime), or_none(facts.database)
    if not (deployment and runtime and database):
        return EMPTY_RUNBOOK
    plan = RollbackPlan(
        runtime,
        deployment,
        database,
        facts.packages,
        prior.packages,
        evidence.reverse_plan.calls,
        wheel_directory,
        media_root(facts.storage),
        release=prior.release,
        snapshot=prior.snapshot,
        named_versions=prior.named_versions,
        single_app=prior.single_app,
        backup=dump.file if dump else "",
        external_backup=_name_external_backup(evidence),
        backup_format=dump.format if dump else None,
        backup_preamble=dump.preamble if dump else Preamble.NONE,
        has_unhashed_packages=bool(pinned and pinned.unhashed_requirements),
        is_half_migrated=choice.diagnosis.state is UpgradeState.HALF_MIGRATED,
    )
    return plan_rollback_steps(choice.chosen.kind, plan)


def _name_external_backup(evidence: RollbackEvidence) -> str:
    """Return the program and the label of a backup that no step can restore."""
    description = evidence.backup.description
    if description is None:
        return ""
    record = choose_record(description, evidence.first_applied) or description.records[0]
    return f"the backup {record.label} ({record.source.value})"
