"""The target, started read-only in a separate environment on the live database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name, canonicalize_version

from ...facts import FactUnavailable, Migrations, SystemChecks, require
from ...facts.resolution import Resolution
from ...facts.startup import Failure
from ...facts.trial_boot import Isolation, TrialBoot
from ...migration_graph.history import MigrationHistory
from ..build import blocker, finding, warning
from ..findings import Finding, Impact, Phase, Severity
from ..references import APP_INSTALLATION, MIGRATIONS, PYTHONPATH
from ..registry import NotApplicable, check
from ..remediation import When
from ..startup_diagnosis import known_cause
from ..text import plural, truncate_list


@check()
def fails_to_start(trial_boot: TrialBoot) -> Iterator[Finding]:
    """The target starts with the configuration of this installation.

    Why: an error in the configuration, or in a package that core loads, stops every command of the
        new release, including `migrate`.
    Fix: fix what the message names, in the configuration for the new release.
    """
    if trial_boot.failure:
        found = _build_failure_finding(trial_boot.failure, trial_boot, "does not start")
        yield replace(found, when=When.WINDOW)


@check(phase=Phase.BOOT, impact=Impact.UNKNOWN, see=(PYTHONPATH,), when=When.NOW)
def shadowed_apps(trial_boot: TrialBoot, resolution: Resolution) -> Iterator[Finding]:
    """The target loads each App from its own environment.

    Why: a folder in PYTHONPATH comes before the packages of the environment. The target then runs
        the code of this folder, also after the upgrade, whatever release is installed.
    Fix: remove the folder from PYTHONPATH, or remove the App from the folder.
    """
    versions = {package.name: package.version for package in resolution.packages}
    for app in require(trial_boot.facts.apps).enabled:
        resolved = versions.get(canonicalize_name(app.distribution), "")
        if resolved and canonicalize_version(app.version) != canonicalize_version(resolved):
            yield warning(
                app.module,
                f"The target loads {app.distribution} {app.version}, although its package set "
                f"contains {resolved}.",
                fix="Find the folder in PYTHONPATH that contains this App. Remove the App from it, "
                "or remove the folder from PYTHONPATH. Then run Preflight again.",
            )


ANOTHER_RELEASE = (
    "Enter another release of the App in the field Requirements, and run Preflight again. If no "
    "release works, remove the App from PLUGINS until a compatible release exists."
)


@check()
def app_fails_to_load(trial_boot: TrialBoot) -> Iterator[Finding]:
    """Every App loads on the target, with all its migrations.

    Why: the metadata of an App can allow the target although the code of the App refuses it, or
        imports a name that no longer exists. One such App stops every command of the new release.
        An old migration that does not load stops `migrate`, even if it was applied long ago.
    Fix: install a release of the App that works with the target, or remove it from `PLUGINS`.
    """
    for app in trial_boot.app_load_failures:
        if not app.conclusive:
            continue
        problem = "does not migrate" if app.failure.stage == "migrations" else "does not start"
        cause = _build_failure_finding(
            app.failure, trial_boot, f"{problem} with the App {app.module}"
        )
        is_setting = app.failure.stage == "configuration"
        yield replace(
            cause,
            subject=app.module,
            remediation=f"{cause.remediation if is_setting else ANOTHER_RELEASE} The rest of this "
            "report covers the target without this App.",
            commands=(),
            references=(APP_INSTALLATION,),
        )


@check(phase=Phase.BOOT, impact=Impact.DATA_LOSS)
def weak_isolation(trial_boot: TrialBoot) -> Iterator[Finding]:
    """The code of the target could not change the live installation.

    Why: the trial boot runs the code of Apps. Without a part of the isolation, code that wants to
        change the live installation can do so.
    Fix: use an account of the database that may only read, and a host that offers what is missing.
    """
    isolation = trial_boot.isolation
    if isolation is None:
        raise NotApplicable("nothing was started")
    missing = [part for is_missing, part in _isolation_parts(isolation) if is_missing]
    if missing:
        gaps = f": {'; '.join(isolation.gaps)}" if isolation.gaps else ""
        yield finding(
            Severity.INFO,
            "isolation",
            f"The trial boot could not isolate the code of the target completely{gaps}. Harmful "
            f"code of an App could {'; '.join(action for action, _ in missing)}.",
            fix=" ".join(dict.fromkeys(fix for _, fix in missing)),
        )


def _isolation_parts(isolation: Isolation) -> tuple[tuple[bool, tuple[str, str]], ...]:
    """Return what code could do if a part of the isolation is missing, and how to get the part."""
    reader = (
        "Set database_alias in the settings of nautobot-upgrade-jobs to an entry of DATABASES with "
        "a read-only account. From outside, name such an account with --database."
    )
    host = "Run Preflight on a host where Nautobot's account may create Linux namespaces."
    network = "If the configuration loads without a network, set allow_network to False."
    if not isolation.hides_files:
        network = host
    elif not isolation.has_relay:  # The database is reached by the network.
        network = reader
    # Code that reaches the database by the network can log in without the relay.
    is_enforced = isolation.has_relay and isolation.hides_network
    return (
        (not is_enforced, ("write to the database", reader)),
        (
            isolation.is_superuser,
            (
                "change the database server itself, because the database account may do so",
                reader,
            ),
        ),
        (not isolation.hides_files, ("write to the files of Nautobot's account", host)),
        (not isolation.hides_network, ("use the network", network)),
    )


@check()
def app_inconclusive(trial_boot: TrialBoot) -> Iterator[Finding]:
    """Every App started in the isolation of the trial boot.

    Why: an App that writes to the database or to a file when it starts, or that needs the network
        or Redis, fails in the trial boot. This proves nothing about the upgrade.
    Fix: test this App in a rehearsal of the upgrade on a copy of the data. If the App only needs
        the network, set `allow_network` in the App's settings.
    """
    if names := [app.module for app in trial_boot.app_load_failures if not app.conclusive]:
        raise FactUnavailable(
            f"{', '.join(names)}: not started, because it fails in the isolation of the trial boot."
            " The other results cover the target without it"
        )
    yield from ()


def _build_failure_finding(failure: Failure, trial_boot: TrialBoot, problem: str) -> Finding:
    cause = known_cause(failure, trial_boot.config, trial_boot.target)
    return replace(cause, message=f"Nautobot {trial_boot.target} {problem}: {cause.message}")


@check(when=When.WINDOW)
def new_system_check_messages(trial_boot: TrialBoot, system: SystemChecks) -> Iterator[Finding]:
    """The target reports no new system check messages.

    Why: `migrate` runs the system checks first and stops on an error. A warning often concerns a
        setting that the new release interprets differently.
    Fix: fix what the message names, in the configuration for the new release.
    """
    current = {(message.id, message.message) for message in system.messages}
    for message in require(trial_boot.facts.system_checks).messages:
        if (message.id, message.message) in current:
            continue
        error = message.level == "error"
        yield finding(
            Severity.BLOCKER if error else Severity.WARNING,
            message.subject,
            f"Nautobot {trial_boot.target} reports {message.id or 'in a system check'}:"
            f" {message.message}",
            fix=message.hint or "Fix what the message names.",
            phase=Phase.MIGRATE if error else Phase.RUNTIME,
            impact=Impact.OUTAGE if error else Impact.UNKNOWN,
        )


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(MIGRATIONS,), when=When.WINDOW)
def broken_migration_graph(trial_boot: TrialBoot) -> Iterator[Finding]:
    """The target's migrations form a consistent graph with the recorded migrations.

    Why: `migrate` stops before the first migration in three cases: a migration depends on a missing
        migration, an App has two leaf nodes, or a recorded migration depends on a migration that is
        not recorded.
    Fix: install compatible releases of the Apps. Do not create migrations by hand.
    """
    history = MigrationHistory(require(trial_boot.facts.migrations))
    yield from _graph_findings(
        ("depends", "depend"),
        "on migrations that the target does not have",
        "dangling",
        tuple(f"{key} on {parent}" for key, parent in history.missing_dependencies),
    )
    yield from _graph_findings(
        ("is recorded but depends", "are recorded but depend"),
        "on migrations of the target that are not recorded",
        "inconsistent",
        tuple(f"{key} on {parent}" for key, parent in history.inconsistencies),
    )
    yield from _graph_findings(
        ("is a leaf node", "are leaf nodes"),
        "of an App that may have only one leaf node",
        "leaf-nodes",
        tuple(key for _, keys in history.conflicts for key in keys),
    )


def _graph_findings(
    verbs: tuple[str, str], problem: str, subject: str, evidence: tuple[str, ...]
) -> Iterator[Finding]:
    """Yield a finding if there is evidence; ``verbs`` are its singular and its plural."""
    if evidence:
        count = len(evidence)
        yield blocker(
            subject,
            f"{plural(count, 'migration')} of the target {verbs[count > 1]} {problem}.",
            fix="Delete migration files that were created locally. Then enter compatible releases "
            "of the Apps in the field Requirements, and run Preflight again.",
            when=When.NOW,
            evidence=truncate_list(evidence),
        )


@check(phase=Phase.MIGRATE, impact=Impact.UNKNOWN, when=When.WINDOW)
def missing_recorded_migrations(trial_boot: TrialBoot, migrations: Migrations) -> Iterator[Finding]:
    """The target has every recorded migration of this database.

    Why: an App in the target that lacks a recorded migration is older than the database, or has
        recreated its migrations. Its next migration then meets tables that it does not expect.
    Fix: keep the App at a release that has them, or ask its author how to migrate.
    """
    unknown = set(MigrationHistory(require(trial_boot.facts.migrations)).recorded_without_file)
    unknown -= set(MigrationHistory(migrations).recorded_without_file)
    for app in sorted({key.partition(".")[0] for key in unknown}):
        names = tuple(key for key in sorted(unknown) if key.startswith(f"{app}."))
        yield warning(
            app,
            f"{plural(len(names), 'recorded migration')} of {app}"
            f" {'has' if len(names) == 1 else 'have'} no file in the target.",
            fix="Check whether the package set of the target has an older release of the App. If "
            "it does, keep the installed release of the App. If the release notes of the App "
            "mention squashed migrations, follow the release notes.",
            evidence=truncate_list(names),
        )
