"""Signs that steps of ``post_upgrade`` did not run."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Migrations, PostUpgrade, require
from ...facts.post_upgrade import StaticFiles
from ...facts.trial_boot import TrialBoot
from ...migration_graph.history import MigrationHistory
from ..build import blocker, finding, info, warning
from ..findings import Finding, Impact, Phase, Severity
from ..planned_upgrade import require_preconditions
from ..registry import NotApplicable, check
from ..remediation import When, shell
from ..text import plural, truncate_list

COMMANDS = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/tools/"
    "nautobot-server/"
)


def _require_migrated(migrations: Migrations) -> None:
    """Stop a check whose subject the pending migrations still create."""
    if MigrationHistory(migrations).unapplied:
        raise NotApplicable("migrations.unapplied reports the migrations that create them")


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS, see=(COMMANDS,))
def stale_content_types(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """No enabled App has a stale content type, whose model no longer exists.

    Why: forms offer the content type, and rows that reference it fail to load. The upgrade step
        `remove_stale_contenttypes` removes it together with these rows.
    Fix: check which rows would be removed, then run the command.
    """
    for content_type in require(post_upgrade.stale_content_types):
        rows = sum(content_type.reference_counts.values())
        removed = f"Removing it also removes {plural(rows, 'row')}." if rows else "No row uses it."
        yield warning(
            content_type.name,
            f"The content type {content_type.name} belongs to a model that no longer exists."
            f" {removed}",
            fix="Check these rows first, and move what you still need. Then run the command. "
            "Without --no-input it asks before it removes anything."
            if rows
            else "Run the command.",
            commands=(
                shell("nautobot-server remove_stale_contenttypes" + " --no-input" * (not rows)),
            ),
            evidence=truncate_list(
                tuple(
                    f"{column}: {plural(count, 'row')}"
                    for column, count in content_type.reference_counts.items()
                )
            ),
        )


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.NONE, see=(COMMANDS,))
def expired_sessions(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """No stored session expired before the upgrade.

    Why: such a session shows that `clearsessions` did not run after the last migration, so the
        steps around it may not have run either. The sessions themselves only use space.
    Fix: run the remaining steps of `post_upgrade`.
    """
    if count := require(post_upgrade.expired_sessions):
        yield warning(
            "django_session",
            f"{plural(count, 'session')} that expired before the last migration"
            f" {'is' if count == 1 else 'are'} still stored.",
            fix="Run the command. `post_upgrade` should have run it. Check whether the other steps "
            "of `post_upgrade` ran.",
            commands=(shell("nautobot-server clearsessions"),),
        )


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS, see=(COMMANDS,))
def untraced_cable_paths(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """Every cabled endpoint has a traced cable path.

    Why: without a path, pages, filters and the API do not show the connection, as if there were no
        cable.
    Fix: run `trace_paths`.
    """
    if untraced := require(post_upgrade.untraced_cable_paths):
        total = sum(untraced.values())
        yield warning(
            "dcim_cablepath",
            f"{plural(total, 'cabled endpoint')} {'has' if total == 1 else 'have'} no cable path.",
            fix="Run the command. It traces missing paths, and changes no existing path.",
            commands=(shell("nautobot-server trace_paths --no-input"),),
            evidence=truncate_list(tuple(f"{model}: {count}" for model, count in untraced.items())),
        )


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS, see=(COMMANDS,))
def outdated_static_files(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """The static files belong to the installed release of core and of every App.

    Why: with scripts and styles of the old release, pages of the new release look broken. Only the
        browser shows this, and the server reports no error.
    Fix: run `collectstatic`. If a separate web server serves the files, check that it uses this
        folder.
    """
    files = require(post_upgrade.static_files)
    if files.missing or files.outdated:
        clear = bool(files.outdated)
        yield warning(
            "STATIC_ROOT",
            f"The folder {files.folder} must contain {plural(files.expected, 'static file')}. "
            + " ".join(_describe_static_files(files)),
            fix="Run the command as the user that runs Nautobot. Then reload the page in a "
            "browser. "
            + "Without --clear, the command skips files that are newer than their source."
            * clear,
            commands=(shell("nautobot-server collectstatic --no-input" + " --clear" * clear),),
            evidence=truncate_list(
                (
                    *(f"missing: {name}" for name in files.missing),
                    *(f"different: {name}" for name in files.outdated),
                )
            ),
        )


def _describe_static_files(files: StaticFiles) -> Iterator[str]:
    if missing := len(files.missing):
        yield f"{plural(missing, 'file')} {'is' if missing == 1 else 'are'} missing."
    if outdated := len(files.outdated):
        verb = "comes" if outdated == 1 else "come"
        yield f"{plural(outdated, 'file')} {verb} from another release."


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.OUTAGE, see=(COMMANDS,))
def missing_content_types(post_upgrade: PostUpgrade, migrations: Migrations) -> Iterator[Finding]:
    """Every model has its content type and its permissions.

    Why: `migrate` creates them after the last migration. Without them, only superusers can use the
        new models, and generic relations to these models fail.
    Fix: run `migrate` again. It applies no migration and creates what is missing.
    """
    _require_migrated(migrations)
    for subject, name, missing in (
        ("django_content_type", "content type", require(post_upgrade.missing_content_types)),
        ("auth_permission", "permission", require(post_upgrade.missing_permissions)),
    ):
        if missing:
            yield blocker(
                subject,
                f"{plural(len(missing), name)} of the installed models"
                f" {'does' if len(missing) == 1 else 'do'} not exist.",
                fix="Run the command. It creates what is missing, and keeps what exists.",
                commands=(shell("nautobot-server migrate --no-input"),),
                evidence=truncate_list(missing),
            )


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS, see=(COMMANDS,))
def missing_statuses_or_roles(
    post_upgrade: PostUpgrade, migrations: Migrations
) -> Iterator[Finding]:
    """Every model that requires a status or a role has at least one to choose from.

    Why: without one, no object of that kind can be saved. The migrations of the upgrade create the
        first ones for new kinds.
    Fix: create one, or assign an existing one to the kind of object.
    """
    _require_migrated(migrations)
    missing = require(post_upgrade.missing_status_role_choices)
    for kind in require(post_upgrade.models_without_choices):
        choice, _, model = kind.partition(" ")
        yield warning(
            kind,
            f"No {choice} is available for {model}.",
            fix=f"Assign an existing {choice} to {model}, or add what the upgrade should have "
            f"created: {', '.join(missing.get(kind, ()))}.",
        )


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS, see=(COMMANDS,))
def stale_group_members(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """The stored members of every dynamic group match its filter.

    Why: permissions, Jobs and config contexts use the stored members. The last step of the upgrade
        refreshes them, and a filter can match other objects in a new release. A difference between
        two refreshes is not unusual.
    Fix: check the differences, then refresh the members.
    """
    if outdated := _stale_groups(post_upgrade, emptied=False):
        yield info(
            "extras_dynamicgroup",
            f"The stored members of {plural(len(outdated), 'dynamic group')}"
            f" {'differ from its filter' if len(outdated) == 1 else 'differ from their filters'}.",
            fix="Check each group. If the filter is correct, run the command.",
            commands=(shell("nautobot-server refresh_dynamic_group_member_caches"),),
            evidence=truncate_list(outdated),
        )


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS)
def emptied_groups(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """The filter of every dynamic group with members still selects objects.

    Why: a new release may reject the value of a filter or evaluate it differently. The next refresh
        of the group then removes all members, and `post_upgrade` refreshes every group.
    Fix: write the filter in the form that the new release expects, then refresh the members.
    """
    if emptied := _stale_groups(post_upgrade, emptied=True):
        groups, selects = plural(len(emptied), "dynamic group"), "its filter fails or selects"
        if len(emptied) > 1:
            selects = "their filters fail or select"
        yield warning(
            "extras_dynamicgroup",
            f"The next refresh removes all stored members of {groups}, because {selects} no "
            "objects.",
            fix="Open each group, correct the filter, and save the group. Do this before you run "
            "`nautobot-server post_upgrade`.",
            evidence=truncate_list(emptied),
        )


def _stale_groups(post_upgrade: PostUpgrade, *, emptied: bool) -> tuple[str, ...]:
    """Describe the stale groups whose filters select no objects, or those that select some."""
    groups = require(post_upgrade.stale_dynamic_groups)
    return tuple(str(group) for group in groups if (not group.selected) is emptied)


@check(phase=Phase.POST_UPGRADE, impact=Impact.DATA_LOSS, see=(COMMANDS,), when=When.WINDOW)
def deleted_references(trial_boot: TrialBoot) -> Iterator[Finding]:
    """No row refers to a model that the upgrade removes.

    Why: `post_upgrade` deletes the content types of removed models, and with them every row that
        refers to such a model: associations, notes, change log entries, assignments of statuses,
        tags and permissions.
    Fix: export the rows that you need before the upgrade.
    """
    cascades = require(require_preconditions(trial_boot).cascades)
    if cascades:
        rows = sum(cascade.rows for cascade in cascades)
        is_data = any(not cascade.is_assignment for cascade in cascades)
        models = sorted({model for cascade in cascades for model in cascade.models})
        yield finding(
            Severity.WARNING if is_data else Severity.INFO,
            "content types",
            f"post_upgrade will delete {plural(rows, 'row')} that"
            f" {'refers' if rows == 1 else 'refer'} to"
            f" {plural(len(models), 'model')} that the upgrade removes.",
            fix="Before the upgrade, export the rows that you need."
            if is_data
            else "Nothing. The rows only state that statuses, tags or permissions apply to the "
            "removed models.",
            evidence=tuple(
                f"{cascade.referencing_column}: {plural(cascade.rows, 'row')} for"
                f" {', '.join(cascade.models)}"
                for cascade in cascades
            ),
        )
