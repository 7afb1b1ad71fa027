"""Extensions by Apps, Git repositories and JOBS_ROOT: do they load, and are they registered?"""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Extensions, FactUnavailable, Migrations, Unavailable, require
from ...migration_graph.history import MigrationHistory
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..registry import check
from ..remediation import shell
from ..text import plural, truncate_list

DEVELOPMENT = "https://docs.nautobot.com/projects/core/en/stable/development"
UI_EXTENSIONS = f"{DEVELOPMENT}/apps/api/ui-extensions"
JOBS = f"{DEVELOPMENT}/jobs/"
HOME_PAGE = f"{UI_EXTENSIONS}/home-page/"
MENU = f"{UI_EXTENSIONS}/navigation/"
OBJECT_PAGES = f"{UI_EXTENSIONS}/object-views/"


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(JOBS,))
def unloadable_job_files(extensions: Extensions) -> Iterator[Finding]:
    """Every Job file in JOBS_ROOT and in Git repositories loads.

    Why: if a file imports a name that the new release removed, Nautobot silently drops the Jobs of
        the file. Their schedules then fail.
    Fix: correct the line in the message, then restart the workers.
    """
    for file in require(extensions.broken_job_files):
        yield warning(
            file.path,
            f"The Job file {file.path} does not load. Line {file.line}: {file.error}.",
            fix="Correct this line. If the new release removed a name that the line uses, the "
            "release notes give its replacement. If the file is in a Git repository, push the "
            "change and synchronize. Then restart the workers.",
            evidence=(f"{file.path}:{file.line}",),
        )
    if uncloned := require(extensions.uncloned_repositories):
        raise FactUnavailable(
            f"the Jobs of {', '.join(uncloned)} were not read, because there is no clone on this"
            " host: synchronize the Git repository"
        )


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS, see=(JOBS,))
def unregistered_jobs(extensions: Extensions) -> Iterator[Finding]:
    """The recorded Jobs of core and Apps are the Jobs that their code registers.

    Why: a Job that is recorded as installed but has no class cannot run. A Job that is registered
        but not recorded is not listed. Records are written after the last migration.
    Fix: run `migrate` again. It has nothing to migrate and corrects the records.
    """
    for subject, paths, problem in (
        (
            "not registered",
            require(extensions.unregistered_jobs),
            "recorded as installed, but no installed code provides",
        ),
        (
            "not recorded",
            require(extensions.unrecorded_jobs),
            "provided by installed code, but not recorded in the database",
        ),
    ):
        if paths:
            verb = "is" if len(paths) == 1 else "are"
            pronoun = (" it" if len(paths) == 1 else " them") if subject == "not registered" else ""
            yield warning(
                subject,
                f"{plural(len(paths), 'Job')} of core or an App {verb} {problem}{pronoun}.",
                fix="Run the command."
                + (
                    " If this finding remains, upgrade the App of the Job. If the App is already "
                    "upgraded, its new release does not contain the Job. In that case, delete the "
                    "Job in Nautobot."
                    if subject == "not registered"
                    else ""
                ),
                commands=(shell("nautobot-server migrate --no-input"),),
                evidence=truncate_list(paths),
            )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.OUTAGE, see=(HOME_PAGE,))
def broken_home_panels(
    extensions: Extensions, history: Migrations | Unavailable
) -> Iterator[Finding]:
    """Every panel of the home page renders.

    Why: one panel that fails makes the whole home page fail. A panel also fails if the table that
        it reads is not migrated yet.
    Fix: apply pending migrations first. Otherwise upgrade or disable the App of the panel.
    """
    is_pending = isinstance(history, Migrations) and MigrationHistory(history).unapplied
    for name, error in require(extensions.broken_home_panels).items():
        yield blocker(
            name,
            f"The panel '{name}' of the home page fails: {error}",
            fix="Apply the pending migrations, and verify again. They may change a table that the "
            "panel reads."
            if is_pending
            else "If the panel belongs to an App, upgrade the App, or remove the App from PLUGINS. "
            "If the panel belongs to Nautobot, fix the findings about the schema, and "
            "verify again.",
        )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(MENU,))
def broken_menu_links(extensions: Extensions) -> Iterator[Finding]:
    """Every menu item has a page.

    Why: if a menu item links to a page that no longer exists in the App or in Nautobot, every user
        sees "ERROR: Invalid link!".
    Fix: upgrade the App.
    """
    for item in require(extensions.broken_menu_links):
        yield warning(
            item,
            f"The menu item {item} links to a page that does not exist.",
            fix="Upgrade the App that it belongs to, or remove the App from PLUGINS.",
        )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(OBJECT_PAGES,))
def orphaned_template_extensions(extensions: Extensions) -> Iterator[Finding]:
    """Every template extension of an App belongs to an existing model.

    Why: content for a model that was renamed or removed is silently not shown.
    Fix: upgrade the App.
    """
    for name, model in require(extensions.orphaned_template_extensions).items():
        yield warning(
            name,
            f"The template extension {name} is for the model {model}, which does not exist.",
            fix="Upgrade the App that it belongs to.",
        )
