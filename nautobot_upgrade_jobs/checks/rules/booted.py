"""The target as it really starts here: beside the installation, on the live database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...facts import Migrations, MissingFactError, System, known
from ...facts.booted import Booted
from ...facts.startup import Failure
from ...migration_graph.history import History
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..startup_diagnosis import cause_of
from ..text import plural, some

APPS = "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/installation/app-install/"
MIGRATIONS = "https://docs.djangoproject.com/en/5.2/topics/migrations/"


@check()
def starts(booted: Booted) -> Iterator[Finding]:
    """The target starts here, with the configuration of this installation.

    Why: an error in the configuration, or in something that core itself loads, stops every command
        of the new release, `migrate` among them.
    Fix: mend what the message names, in the configuration that goes with the new release.
    """
    if booted.failure:
        yield _cause(booted.failure, booted, "does not start")


@check()
def apps_load(booted: Booted) -> Iterator[Finding]:
    """Every App loads on the target.

    Why: a release of an App that admits the target in its metadata can still refuse it, or import a
        name that is gone; one such App stops every command of the new release.
    Fix: install a release of the App that works with the target, or take it out of `PLUGINS`.
    """
    for one in booted.refusals:
        if not one.judged:
            continue
        finding = _cause(one.failure, booted, f"does not start with the App {one.module}")
        yield replace(
            finding,
            subject=one.module,
            remediation="Ask for another release of it under Requirements, and run Preflight again;"
            " if none works, take it out of PLUGINS until one does. The rest of this report is"
            " about the target without it.",
            commands=(),
            references=(APPS,),
        )


@check()
def apps_judged(booted: Booted) -> Iterator[Finding]:
    """Every App could be started where nothing can be written.

    Why: an App that writes to the database as it starts, or needs the features of Redis, fails in a
        trial that is kept from both, and that says nothing about the upgrade.
    Fix: look at this App in a rehearsal of the upgrade on a copy.
    """
    if names := [one.module for one in booted.refusals if not one.judged]:
        raise MissingFactError(
            f"{', '.join(names)}: not started, since it fails where the database cannot be written "
            "to and the cache is no Redis; the rest is about the target without it"
        )
    yield from ()


def _cause(failure: Failure, booted: Booted, what: str) -> Finding:
    cause = cause_of(failure, booted.config, booted.target)
    return replace(cause, message=f"Nautobot {booted.target} {what}: {cause.message}")


@check()
def system_checks(booted: Booted, system: System) -> Iterator[Finding]:
    """The target's own system checks say nothing that those of today do not.

    Why: `migrate` runs them first and stops on an error; a warning tells of a setting that the new
        release reads otherwise.
    Fix: mend what the message names, in the configuration that goes with the new release.
    """
    today = {(one.id, one.message) for one in system.messages}
    for one in known(booted.facts.system).messages:
        if (one.id, one.message) in today:
            continue
        error = one.level == "error"
        yield Finding(
            severity=Severity.BLOCKER if error else Severity.WARNING,
            subject=one.subject,
            message=f"Nautobot {booted.target} says {one.id or 'in a system check'}: {one.message}",
            remediation=one.hint or "Mend what the message names, together with the upgrade.",
            phase=Phase.MIGRATE if error else Phase.RUNTIME,
            impact=Impact.OUTAGE if error else Impact.UNKNOWN,
        )


@check()
def migration_graph(booted: Booted) -> Iterator[Finding]:
    """The target's migrations form one line from what this database has recorded.

    Why: where a migration depends on one that is not there, where two of an App are the newest, or
        where a recorded one depends on one that is not, `migrate` stops before the first.
    Fix: install releases of the Apps that belong together; nothing is to be made up by hand.
    """
    history = History(known(booted.facts.migrations))
    yield from _broken(
        "depend on migrations that the target does not have",
        "dangling",
        tuple(f"{key} on {parent}" for key, parent in history.dangling),
    )
    yield from _broken(
        "count as applied, though they depend on migrations of the target that are not",
        "inconsistent",
        tuple(f"{key} on {parent}" for key, parent in history.inconsistencies),
    )
    yield from _broken(
        "are the newest of an App that has another newest",
        "leaf-nodes",
        tuple(key for _, keys in history.conflicts for key in keys),
    )


def _broken(what: str, subject: str, evidence: tuple[str, ...]) -> Iterator[Finding]:
    if evidence:
        yield Finding(
            severity=Severity.BLOCKER,
            subject=subject,
            message=f"Of the target's migrations, {len(evidence)} {what}.",
            remediation="Install releases of the Apps that go together with the target; a migration"
            " that somebody made locally has to go first.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            evidence=some(evidence),
            references=(MIGRATIONS,),
        )


@check()
def left_behind(booted: Booted, migrations: Migrations) -> Iterator[Finding]:
    """The target has every migration that this database has recorded.

    Why: what a release does not know of, it cannot build on: its App is older than the database, or
        has made its migrations anew, and the next migration meets tables that it does not expect.
    Fix: keep the App at a release that has them, or ask its author for the way over.
    """
    unknown = set(History(known(booted.facts.migrations)).unknown)
    unknown -= set(History(migrations).unknown)
    for app in sorted({key.partition(".")[0] for key in unknown}):
        names = tuple(key for key in sorted(unknown) if key.startswith(f"{app}."))
        yield Finding(
            severity=Severity.WARNING,
            subject=app,
            message=f"{plural(len(names), 'recorded migration')} of {app} "
            f"{'has' if len(names) == 1 else 'have'} no file in the target.",
            remediation="See whether the App goes back to an older release, and keep it where it "
            "is; if its release notes tell of squashed migrations, follow them.",
            phase=Phase.MIGRATE,
            impact=Impact.UNKNOWN,
            evidence=some(names),
        )
