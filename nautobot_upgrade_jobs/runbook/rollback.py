"""The steps of a rollback. They depend on how Nautobot is installed here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial

from ..common.files import CURRENT_BACKUP, MEDIA_ARCHIVE
from ..common.text import plural
from ..migration_graph.reverse_plan import MigrateCall
from ..rollback.options import OptionKind
from ..rollback.package_set import RollbackPlan, required_files
from .layouts import Layout, choose_layout
from .layouts.base import START_SECONDS
from .restore import ASIDE_SUFFIX, backup_name, restore_backup
from .rollback_packages import package_steps
from .server_commands import MYSQL_LOGIN_NOTE, connection_options
from .steps import Runbook, Step


def plan_rollback_steps(kind: OptionKind, plan: RollbackPlan) -> Runbook:
    """Return the runbook of a rollback option, from the first command to the verification."""
    layout = choose_layout(plan.deployment, plan.runtime, plan.database)
    steps = _roll_forward if kind == "roll_forward" else partial(_roll_back, kind)
    return layout.build_runbook(steps(plan, layout))


def _roll_back(kind: OptionKind, plan: RollbackPlan, layout: Layout) -> tuple[Step, ...]:
    database_steps = {
        "reinstall": (),
        "reverse_migrations": _reverse_migrations(plan, layout),
        "restore_backup": restore_backup(plan, layout),
    }[kind]
    restored = layout.with_new_code()
    return (
        *_check_prerequisites(kind, plan, layout),
        *layout.prepare(),
        layout.stop_services(),
        _backup_current_state(layout),
        *database_steps,
        *package_steps(plan, layout),
        *((_purge_queue(restored),) if kind == "restore_backup" else ()),
        _run_post_upgrade(restored),
        restored.start_services("previous" if plan.is_whole else "target"),
        *_verification_steps(plan, restored),
        *restored.clean_up(),
    )


def _check_prerequisites(kind: OptionKind, plan: RollbackPlan, layout: Layout) -> Iterator[Step]:
    """Yield a step that checks for the files that later steps need, if they need any."""
    files = list(required_files(plan))
    if kind == "restore_backup":
        files += [] if plan.external_backup else [backup_name(plan)]
        files += [MEDIA_ARCHIVE] if plan.media else []
    if plan.snapshot:
        files.append(layout.plan_file(plan.snapshot))
    commands = [f"test -s {shlex.quote(name)}" for name in files]
    if kind == "restore_backup":
        commands += _connection_checks(layout)
    if not commands:
        return
    note = "" if plan.database.vendor == "postgresql" else f" {MYSQL_LOGIN_NOTE}"
    yield Step(
        "Check that all files are available",
        f"No step changes anything until all files are in this folder.{note}",
        tuple(commands),
        role="preparation",
    )


def _connection_checks(layout: Layout) -> tuple[str, ...]:
    """Return commands that fail unless the restore can start."""
    database = layout.server
    login = connection_options(database)
    if database.vendor != "postgresql":
        return (layout.client(f"mysql{login} --execute='SELECT 1'"),)
    aside = f"{database.name}{ASIDE_SUFFIX}"
    exists = layout.client(f"psql{login} --dbname={shlex.quote(aside)} --command='SELECT 1'")
    message = f"{aside} exists from an earlier rollback: drop or rename it"
    return (
        layout.client(f"psql{login} --dbname=postgres --command='SELECT 1'"),
        f"if {exists} >/dev/null 2>&1; then echo {shlex.quote(message)}; false; fi",
    )


def _roll_forward(plan: RollbackPlan, layout: Layout) -> Iterator[Step]:
    yield from layout.prepare()
    yield layout.stop_services()
    yield _backup_current_state(layout)
    if plan.is_half_migrated:
        yield Step(
            "Repair the partially applied migration",
            "Verify Migrations names the migration, and the statements that finish or undo it. Run "
            "these statements. Otherwise post_upgrade stops at what exists already.",
            (layout.nautobot("nautobot-server upgrade_jobs verify"),),
            expected="migrations.partially_applied is not reported any more.",
        )
    yield Step(
        "Finish the upgrade",
        "post_upgrade applies the pending migrations and runs all post-upgrade steps. Completed "
        "steps do nothing.",
        (layout.nautobot("nautobot-server post_upgrade"),),
        layout.nautobot("nautobot-server migrate --check"),
    )
    yield layout.start_services("unchanged")
    yield from _verification_steps(plan, layout)
    yield from layout.clean_up()


def _backup_current_state(layout: Layout) -> Step:
    dump, proof = layout.dump(CURRENT_BACKUP)
    return Step(
        "Back up the current state",
        "If a later step fails and you cannot repair it, restore this backup and plan again.",
        (dump,),
        proof,
        role="preparation",
    )


def _reverse_migrations(plan: RollbackPlan, layout: Layout) -> tuple[Step, ...]:
    return tuple(_reverse_step(call, layout) for call in plan.calls)


def _reverse_step(call: MigrateCall, layout: Layout) -> Step:
    where = f"{shlex.quote(call.app)} {shlex.quote(call.target)}"
    return Step(
        f"Reverse {plural(len(call.migrations), 'migration')}: {call.app} to {call.target}",
        "Run this step with the new code, because only the new code contains these migrations. "
        "Migrations of other Apps that depend on them are also reversed.",
        (layout.nautobot(f"nautobot-server migrate {where}"),),
        layout.nautobot(f"nautobot-server migrate --check {where}"),
        irreversible=True,
    )


def _purge_queue(layout: Layout) -> Step:
    return Step(
        "Purge the task queue",
        "The queued messages refer to rows that no longer exist. To purge further queues, name "
        "them with --queues.",
        (layout.nautobot("nautobot-server celery purge --force"),),
    )


def _run_post_upgrade(layout: Layout) -> Step:
    return Step(
        "Run post_upgrade of the previous release",
        "Until then, static files, content types and caches belong to the newer release. No "
        "migration is pending.",
        (layout.nautobot("nautobot-server post_upgrade"),),
        layout.nautobot("nautobot-server migrate --check"),
    )


def _verification_steps(plan: RollbackPlan, layout: Layout) -> Iterator[Step]:
    yield Step(
        "Verify before users return",
        "Does the schema match the code, and do all services run that code?",
        (layout.nautobot(f"nautobot-server upgrade_jobs verify --wait {START_SECONDS}"),),
        expected="The verdict is GO.",
    )
    if plan.snapshot:
        snapshot = layout.plan_file(plan.snapshot)
        compare = f"nautobot-server upgrade_jobs compare {shlex.quote(snapshot)}"
        yield Step(
            "Compare with the state before the upgrade",
            "Only the announced losses may differ. Check each line.",
            # Exit code 2 means losses. The operator accepted them by choosing the option.
            (f"{layout.nautobot(compare, reads=(snapshot,))} || [ $? = 2 ]",),
            expected="The plan has announced each difference.",
        )
