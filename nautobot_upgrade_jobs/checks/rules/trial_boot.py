"""The target as it really starts here: beside the installation, on the live database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...facts import FactUnavailable, Migrations, SystemChecks, require
from ...facts.startup import Failure
from ...facts.trial_boot import TrialBoot
from ...migration_graph.history import History
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..startup_diagnosis import known_cause
from ..text import plural, truncate_list

APPS = "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/installation/app-install/"
MIGRATIONS = "https://docs.djangoproject.com/en/5.2/topics/migrations/"


@check()
def fails_to_start(trial_boot: TrialBoot) -> Iterator[Finding]:
    """The target starts here, with the configuration of this installation.

    Why: an error in the configuration, or in something that core itself loads, stops every command
        of the new release, `migrate` among them.
    Fix: mend what the message names, in the configuration that goes with the new release.
    """
    if trial_boot.failure:
        yield _build_failure_finding(trial_boot.failure, trial_boot, "does not start")


@check()
def app_fails_to_load(trial_boot: TrialBoot) -> Iterator[Finding]:
    """Every App loads on the target.

    Why: a release of an App that admits the target in its metadata can still refuse it, or import a
        name that is gone; one such App stops every command of the new release.
    Fix: install a release of the App that works with the target, or take it out of `PLUGINS`.
    """
    for one in trial_boot.app_load_failures:
        if not one.conclusive:
            continue
        finding = _build_failure_finding(
            one.failure, trial_boot, f"does not start with the App {one.module}"
        )
        yield replace(
            finding,
            subject=one.module,
            remediation=(
                "Ask for another release of it under Requirements, and run Preflight again;"
                " if none works, take it out of PLUGINS until one does. The rest of this report is"
                " about the target without it."
            ),
            commands=(),
            references=(APPS,),
        )


@check()
def app_inconclusive(trial_boot: TrialBoot) -> Iterator[Finding]:
    """Every App could be started where nothing can be written.

    Why: an App that writes to the database as it starts, or needs the features of Redis, fails in a
        trial that is kept from both, and that says nothing about the upgrade.
    Fix: look at this App in a rehearsal of the upgrade on a copy.
    """
    if names := [one.module for one in trial_boot.app_load_failures if not one.conclusive]:
        raise FactUnavailable(
            f"{', '.join(names)}: not started, since it fails where the database cannot be written "
            "to and the cache is no Redis; the rest is about the target without it"
        )
    yield from ()


def _build_failure_finding(failure: Failure, trial_boot: TrialBoot, what: str) -> Finding:
    cause = known_cause(failure, trial_boot.config, trial_boot.target)
    return replace(cause, message=f"Nautobot {trial_boot.target} {what}: {cause.message}")


@check()
def new_system_check_messages(trial_boot: TrialBoot, system: SystemChecks) -> Iterator[Finding]:
    """The target's own system checks say nothing that those of today do not.

    Why: `migrate` runs them first and stops on an error; a warning tells of a setting that the new
        release reads otherwise.
    Fix: mend what the message names, in the configuration that goes with the new release.
    """
    today = {(one.id, one.message) for one in system.messages}
    for one in require(trial_boot.facts.system_checks).messages:
        if (one.id, one.message) in today:
            continue
        error = one.level == "error"
        yield Finding(
            severity=Severity.BLOCKER if error else Severity.WARNING,
            subject=one.subject,
            message=(
                f"Nautobot {trial_boot.target} says {one.id or 'in a system check'}: {one.message}"
            ),
            remediation=one.hint or "Mend what the message names, together with the upgrade.",
            phase=Phase.MIGRATE if error else Phase.RUNTIME,
            impact=Impact.OUTAGE if error else Impact.UNKNOWN,
        )


@check()
def broken_migration_graph(trial_boot: TrialBoot) -> Iterator[Finding]:
    """The target's migrations form one line from what this database has recorded.

    Why: where a migration depends on one that is not there, where two of an App are the newest, or
        where a recorded one depends on one that is not, `migrate` stops before the first.
    Fix: install releases of the Apps that belong together; nothing is to be made up by hand.
    """
    history = History(require(trial_boot.facts.migrations))
    yield from _graph_findings(
        "depend on migrations that the target does not have",
        "dangling",
        tuple(f"{key} on {parent}" for key, parent in history.dangling),
    )
    yield from _graph_findings(
        "count as applied, though they depend on migrations of the target that are not",
        "inconsistent",
        tuple(f"{key} on {parent}" for key, parent in history.inconsistencies),
    )
    yield from _graph_findings(
        "are the newest of an App that has another newest",
        "leaf-nodes",
        tuple(key for _, keys in history.conflicts for key in keys),
    )


def _graph_findings(what: str, subject: str, evidence: tuple[str, ...]) -> Iterator[Finding]:
    if evidence:
        yield Finding(
            severity=Severity.BLOCKER,
            subject=subject,
            message=f"Of the target's migrations, {len(evidence)} {what}.",
            remediation=(
                "Install releases of the Apps that go together with the target; a migration"
                " that somebody made locally has to go first."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            evidence=truncate_list(evidence),
            references=(MIGRATIONS,),
        )


@check()
def missing_recorded_migrations(trial_boot: TrialBoot, migrations: Migrations) -> Iterator[Finding]:
    """The target has every migration that this database has recorded.

    Why: what a release does not know of, it cannot build on: its App is older than the database, or
        has made its migrations anew, and the next migration meets tables that it does not expect.
    Fix: keep the App at a release that has them, or ask its author for the way over.
    """
    unknown = set(History(require(trial_boot.facts.migrations)).unknown)
    unknown -= set(History(migrations).unknown)
    for app in sorted({key.partition(".")[0] for key in unknown}):
        names = tuple(key for key in sorted(unknown) if key.startswith(f"{app}."))
        yield Finding(
            severity=Severity.WARNING,
            subject=app,
            message=(
                f"{plural(len(names), 'recorded migration')} of {app} "
                f"{'has' if len(names) == 1 else 'have'} no file in the target."
            ),
            remediation=(
                "See whether the App goes back to an older release, and keep it where it "
                "is; if its release notes tell of squashed migrations, follow them."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.UNKNOWN,
            evidence=truncate_list(names),
        )
