"""What Apps, Git repositories and JOBS_ROOT add: does it load, and is it known?"""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Extensions, require
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural, truncate_list

JOBS = "https://docs.nautobot.com/projects/core/en/stable/development/jobs/"
HOME_PAGE = "https://docs.nautobot.com/projects/core/en/stable/development/apps/api/ui-extensions/home-page/"
MENU = "https://docs.nautobot.com/projects/core/en/stable/development/apps/api/ui-extensions/navigation/"
OBJECT_PAGES = "https://docs.nautobot.com/projects/core/en/stable/development/apps/api/ui-extensions/object-views/"


@check(stage="verify")
def unloadable_job_files(extensions: Extensions) -> Iterator[Finding]:
    """Every file of Jobs in JOBS_ROOT and in Git repositories loads.

    Why: a file that imports a name that the new release no longer has takes its Jobs out of the
        list without a word; their schedules fail from then on.
    Fix: mend the line that is named, then restart the workers.
    """
    for one in require(extensions.broken_job_files):
        yield Finding(
            severity=Severity.WARNING,
            subject=one.path,
            message=f"{one.path}, line {one.line}: {one.error}.",
            remediation="Mend this line; the release notes say what took the place of a name that "
            "is gone. For a Git repository, push it and synchronise. Then restart the workers.",
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            evidence=(f"{one.path}:{one.line}",),
            references=(JOBS,),
        )


@check(stage="verify")
def unregistered_jobs(extensions: Extensions) -> Iterator[Finding]:
    """The Jobs of core and of the Apps that the database knows are those that their code has.

    Why: a Job whose record says "installed" but whose class is gone cannot run; one that is
        registered but not recorded is in no list. Records are made after the last migration.
    Fix: run `migrate` once more; it has nothing to migrate, and puts the records right.
    """
    for subject, paths, said in (
        (
            "not registered",
            require(extensions.unregistered_jobs),
            "recorded, but no code registers them",
        ),
        ("not recorded", require(extensions.unrecorded_jobs), "registered, but not recorded"),
    ):
        if paths:
            yield Finding(
                severity=Severity.WARNING,
                subject=subject,
                message=f"{plural(len(paths), 'Job')} of core or an App: {said}.",
                remediation="Run the command. If a Job stays that way, its App was not upgraded, "
                "or its release has no such Job any more.",
                phase=Phase.POST_UPGRADE,
                impact=Impact.FEATURE_LOSS,
                commands=("nautobot-server migrate --no-input",),
                evidence=truncate_list(paths),
                references=(JOBS,),
            )


@check(stage="verify")
def broken_home_panels(extensions: Extensions) -> Iterator[Finding]:
    """Every panel of the home page can be shown.

    Why: one that fails takes the whole home page down, the first thing that everybody sees.
    Fix: upgrade or disable the App that it belongs to.
    """
    for name, error in require(extensions.broken_home_panels).items():
        yield Finding(
            severity=Severity.BLOCKER,
            subject=name,
            message=f"The panel '{name}' of the home page fails: {error}",
            remediation="Upgrade the App that it belongs to, or take the App out of PLUGINS.",
            phase=Phase.RUNTIME,
            impact=Impact.OUTAGE,
            references=(HOME_PAGE,),
        )


@check(stage="verify")
def broken_menu_links(extensions: Extensions) -> Iterator[Finding]:
    """Every item of the menu leads somewhere.

    Why: an App whose menu names a page that its release, or Nautobot's, does not have any more
        shows "ERROR: Invalid link!" to everybody.
    Fix: upgrade the App.
    """
    for place in require(extensions.broken_menu_links):
        yield Finding(
            severity=Severity.WARNING,
            subject=place,
            message=f"The menu item {place} leads nowhere: no page has that name.",
            remediation="Upgrade the App that it belongs to, or take the App out of PLUGINS.",
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            references=(MENU,),
        )


@check(stage="verify")
def orphaned_template_extensions(extensions: Extensions) -> Iterator[Finding]:
    """What Apps add to the pages of objects is for models that exist.

    Why: content for a model that was renamed or removed is shown nowhere, without a word.
    Fix: upgrade the App.
    """
    for name, model in require(extensions.orphaned_template_extensions).items():
        yield Finding(
            severity=Severity.WARNING,
            subject=name,
            message=f"{name} adds to the pages of {model}, and there is no such model.",
            remediation="Upgrade the App that it belongs to.",
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            references=(OBJECT_PAGES,),
        )
