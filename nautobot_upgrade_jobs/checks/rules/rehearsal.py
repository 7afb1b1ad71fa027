"""The upgrade and its rollback on a copy of the data."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import or_none, require
from ...facts.rehearsal import CHOSEN, PageFailure, Rehearsal
from ...upgrade.live_duration import estimate_live_duration
from ..build import blocker, info, warning
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check
from ..rehearsal_text import describe_committed, list_evidence, list_places, require_end
from ..remediation import When
from ..text import plural, truncate_list


@check(stage="rehearse", phase=Phase.MIGRATE, impact=Impact.OUTAGE)
def migrate_fails(rehearsal: Rehearsal) -> Iterator[Finding]:
    """All migrations succeed on a copy of the data.

    Why: a migration that fails on the copy fails in the maintenance window as well. What was
        committed before it stays, and neither the old nor the new release can use the database.
    Fix: correct the rows or the package that the error names, and rehearse again.
    """
    forward = require_end(rehearsal.forward)
    planned = or_none(rehearsal.planned) or ()
    if stop := forward.stop:
        where = f"Migration {stop.migration}" if stop.migration else f"The stage {stop.stage}"
        yield blocker(
            stop.place,
            f"{where} fails on the copy: {stop.text}. {describe_committed(forward, planned)}",
            fix="Correct what the error names on the live installation before the upgrade, and "
            "rehearse again. If the code of a package is wrong, choose another release of it in "
            "Requirements.",
            evidence=list_evidence(stop),
        )


@check(stage="rehearse", phase=Phase.BOOT, impact=Impact.OUTAGE)
def start_fails(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The target starts on the upgraded copy, with all its Apps.

    Why: a release that does not start serves no page and runs no Job.
    Fix: correct what the error names, or choose another release of the package.
    """
    forward = require_end(rehearsal.forward)
    if forward.stop:
        raise NotApplicable("rehearsal.migrate_fails reports why the copy is not upgraded")
    if rehearsal.start_failure:
        yield blocker(
            "target",
            f"On the upgraded copy, {rehearsal.start_failure.rstrip('.')}.",
            fix="Correct what the error names before the upgrade, or choose another release of "
            "the package in Requirements.",
        )


@check(stage="rehearse", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS)
def page_fails(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The list and one object of each model, and its list by REST, open on the upgraded copy.

    Why: an upgrade can succeed although a page fails, for example because of the template or the
        filter of an App.
    Fix: choose another release of the App that the evidence names. The page may fail before the
        upgrade as well.
    """
    forward = require_end(rehearsal.forward)
    if forward.stop or rehearsal.start_failure:
        raise NotApplicable("another check reports why the target does not start on the copy")
    by_error: dict[tuple[str, ...], list[PageFailure]] = {}
    for each in require(rehearsal.pages).failures:
        failure = each.failure
        # An answer without an exception says nothing about its cause.
        cause = (failure.error, failure.message, *([] if failure.frames else [each.name]))
        by_error.setdefault(cause, []).append(each)
    for (error, message, *_), failures in by_error.items():
        first, others = failures[0], failures[1:]
        text = f"{error}: {message}" if error else message
        verb = "fails" if len(others) == 1 else "fail"
        more = f" {plural(len(others), 'further page')} {verb} in the same way." if others else ""
        yield warning(
            first.name,
            f"The page {first.name} fails on the upgraded copy: {text.rstrip('.')}.{more}",
            fix="Open the page before the upgrade. If it works, choose another release of the App "
            "whose code the evidence names, or ask its maintainers.",
            evidence=(*list_places(first), *truncate_list(tuple(each.name for each in others))),
        )


@check(stage="rehearse", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS)
def step_fails(rehearsal: Rehearsal) -> Iterator[Finding]:
    """All steps after `migrate` succeed on a copy of the data.

    Why: `post_upgrade` ends at the first step that fails, and does not run those after it.
    Fix: correct what the error names, or run the other steps by hand.
    """
    forward = require_end(rehearsal.forward)
    if forward.stop:
        raise NotApplicable("rehearsal.migrate_fails reports why no step was run")
    for failure in forward.step_failures:
        yield warning(
            failure.stage,
            f"The step {failure.stage} fails on the copy: {failure.text}.",
            fix="Correct what the error names. In the maintenance window, run the steps of "
            "post_upgrade after this one by hand.",
            when=When.WINDOW,
            evidence=list_evidence(failure),
        )


@check(stage="rehearse", phase=Phase.MIGRATE, impact=Impact.UNKNOWN)
def unplanned_migrations(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The upgrade applies exactly the migrations that Preflight lists.

    Why: the checks of Preflight are about the migrations that it expects.
    Fix: run Preflight again, and compare its list of migrations with the list of this report.
    """
    forward, planned = require_end(rehearsal.forward), require(rehearsal.planned)
    if forward.stop:
        raise NotApplicable("rehearsal.migrate_fails reports where the migrations stop")
    applied = {each.migration for each in forward.migrations}
    for key in sorted(applied ^ set(planned)):
        problem = "not planned, but applied" if key in applied else "planned, but not applied"
        yield warning(
            key,
            f"Migration {key} was {problem}.",
            fix="Run Preflight again, and compare its list of migrations with this report.",
        )


@check(stage="rehearse", phase=Phase.MIGRATE, impact=Impact.OUTAGE)
def window_too_short(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The maintenance window is longer than the upgrade.

    Why: an upgrade that is interrupted leaves a database that no release can use.
    Fix: extend the window, or remove rows that are not needed before the upgrade.
    """
    forward = require_end(rehearsal.forward)
    if rehearsal.window_seconds is None:
        raise NotApplicable("no maintenance window was stated")
    if forward.stop:
        raise NotApplicable("rehearsal.migrate_fails reports why there is no duration")
    live = estimate_live_duration(forward)
    if live.high > rehearsal.window_seconds:
        slowest = sorted(forward.migrations, key=lambda each: -each.seconds)
        certain = live.low > rehearsal.window_seconds
        yield (blocker if certain else warning)(
            "window",
            f"The migrations took {forward.seconds:.0f} s on the copy, and can take up to "
            f"{live.high:.0f} s on the live server. The window is "
            f"{rehearsal.window_seconds:.0f} s.",
            fix="Extend the maintenance window. The evidence names the migrations that take "
            "longest.",
            evidence=truncate_list(
                tuple(f"{each.migration}: {each.seconds:.1f} s" for each in slowest)
            ),
        )


@check(stage="rehearse", phase=Phase.MIGRATE, impact=Impact.NONE, when=When.AFTER)
def messages(rehearsal: Rehearsal) -> Iterator[Finding]:
    """No migration prints a message.

    Why: the author of a migration prints what an administrator should know or do afterwards.
    Fix: read the message, and follow its advice.
    """
    for each in require(rehearsal.forward).migrations:
        if each.output:
            yield info(
                each.migration,
                f"Migration {each.migration} prints a message.",
                fix="Read the message in the evidence. It can say what to do after the upgrade.",
                evidence=truncate_list(tuple(filter(str.strip, each.output.splitlines()))),
            )


@check(stage="rehearse", phase=Phase.ROLLBACK, impact=Impact.OUTAGE)
def restore_fails(rehearsal: Rehearsal) -> Iterator[Finding]:
    """A backup of the copy can be restored, and contains all that the copy contained.

    Why: the restore is the rollback that always has to work.
    Fix: correct what the error names before the upgrade, and rehearse again.
    """
    if rehearsal.restore in CHOSEN:
        yield warning(
            "not_rehearsed",
            "The restore of a backup was not rehearsed.",
            fix="Rehearse it before the upgrade, or restore the backup once on another server.",
        )
        return
    restore = require(rehearsal.restore)
    if restore.differences:
        number = plural(len(restore.differences), "difference")
        yield blocker(
            "restore",
            f"The restored copy has {number} to its state before the upgrade.",
            fix="Find the cause of each difference before the upgrade. Back up in another way if "
            "the backup is not complete.",
            evidence=restore.differences,
        )


@check(stage="rehearse", phase=Phase.ROLLBACK, impact=Impact.FEATURE_LOSS)
def reverse_fails(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The migrations can be reversed on the upgraded copy, and then be applied again.

    Why: a reverse that fails half-way leaves a database that no release can use. One that leaves
        rows or tables behind can stop the next upgrade.
    Fix: plan to restore the backup instead.
    """
    forward, reverse = require_end(rehearsal.forward), rehearsal.reverse
    if forward.stop:
        raise NotApplicable("rehearsal.migrate_fails reports why there is nothing to reverse")
    if reverse is None:
        raise NotApplicable("the migrations cannot be reversed")
    if reverse in CHOSEN:
        raise NotApplicable("the rollback was not rehearsed")
    reverse = require(reverse)
    if stop := reverse.run.stop:
        done = len(reverse.run.migrations)
        yield warning(
            stop.place,
            f"Reversing {stop.place} fails on the copy, after "
            f"{plural(done, 'migration')} were reversed: {stop.text}.",
            fix="Do not reverse the migrations. Restore the backup instead.",
            evidence=list_evidence(stop),
        )
    if reverse.again and (stop := reverse.again.stop):
        yield warning(
            "again",
            f"After the migrations were reversed, the upgrade fails at {stop.place}: {stop.text}.",
            fix="Restore the backup instead. A database whose migrations were reversed cannot be "
            "upgraded again.",
            evidence=list_evidence(stop),
        )
    if reverse.losses:
        yield warning(
            "losses",
            f"After the migrations were reversed, the copy has "
            f"{plural(len(reverse.losses), 'difference')} to its state before the upgrade.",
            fix="Restore the backup instead, unless you can do without what the evidence names.",
            evidence=reverse.losses,
        )


@check(stage="rehearse", phase=Phase.BOOT, impact=Impact.UNKNOWN)
def assumed_configuration(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The upgrade was rehearsed with the configuration of the installation.

    Why: the configuration can stop a start, and its settings change what migrations of Apps do.
        Without the SECRET_KEY of the installation, secrets in the database cannot be read.
    Fix: name the configuration with `--config`.
    """
    if rehearsal.assumed_apps is not None:
        enabled = ", ".join(rehearsal.assumed_apps) or "no App"
        yield info(
            "configuration",
            "The configuration of the installation was not rehearsed. The copy was upgraded with "
            f"{enabled} and the default settings.",
            fix="Name the configuration with --config. If Apps are missing, add them to the list "
            "of packages.",
        )


@check(stage="rehearse", phase=Phase.BOOT, impact=Impact.NONE)
def isolation_gaps(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The code of the target reaches nothing but the copy.

    Why: code that can use the network can send what it reads on the copy, or change other systems.
    Fix: allow user namespaces on the host, or rehearse on another host. On a server that you name,
        use an account for rehearsals only.
    """
    isolation = require(rehearsal.isolation)
    for gap in isolation.gaps:
        yield info(
            "isolation",
            f"The isolation of the copy is not complete: {gap}. The code had no credential of the "
            "live installation.",
            fix="Allow user namespaces on this host, or rehearse on another host.",
        )
    copy = require(rehearsal.copy)
    if copy.server:
        yield info(
            "server",
            f"The code that was rehearsed could use {copy.server}.",
            fix="Use an account for rehearsals only, on a server without live databases.",
        )


@check(stage="rehearse", phase=Phase.ROLLBACK, impact=Impact.NONE)
def leftover(rehearsal: Rehearsal) -> Iterator[Finding]:
    """The rehearsal has removed the copy.

    Why: a copy of the data on a server of your own uses its disk, and others can read it.
    Fix: run `nautobot-server upgrade_jobs clean`, or drop the database.
    """
    if left := rehearsal.leftover:
        fix = "Run `nautobot-server upgrade_jobs clean`, or drop the database."
        yield warning("copy", f"The copy could not be removed: {left}.", fix=fix)
