"""Content that users created, as the target's code validates it."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Apps, FactUnavailable, Unavailable, require
from ...facts.customizations import APP_CODE, JOB_FILE, CustomizationProblem, Defect, DefectCode
from ...facts.trial_boot import TrialBoot
from ..build import warning
from ..findings import Finding, Impact, Phase
from ..references import RELEASE_NOTES
from ..registry import NotApplicable, check
from ..remediation import When

TARGET_IS_INSTALLED = "the target is the installed release"
REMEDIATIONS = {
    "GraphQL query": (
        When.AFTER,
        "Prepare the new query now, and save it right after the upgrade. Until you save it, the "
        "API rejects the query. Code that calls `execute_saved_query` gets a response without the "
        "field, and no error.",
    ),
    "dynamic group": (
        When.NOW,
        "Replace the filter by one that both releases support. Some releases ignore an unknown "
        "filter, and others match nothing.",
    ),
    "object permission": (
        When.AFTER,
        "Prepare the new constraint now, and save it right after the upgrade. Until you save it, "
        "the affected users get errors or see no objects.",
    ),
    "scheduled job": (
        When.NOW,
        "Disable the schedule. After the upgrade, create it again with the arguments that the Job "
        "then accepts.",
    ),
    APP_CODE: (
        When.NOW,
        "Look for a release of the App that supports the target. If there is none, report the line "
        "to the author of the App. Until it is corrected, the code fails whenever it runs.",
    ),
    JOB_FILE: (
        When.NOW,
        "Change the file so that it loads on both releases. If that is impossible, change it right "
        "after the upgrade. Its Jobs are then unavailable between the upgrade and the change.",
    ),
}
DEFAULT_REMEDIATION = (
    When.AFTER,
    "Prepare the change now, with the release notes, and save it right after the upgrade.",
)
DEFECT_TEXTS = {
    DefectCode.MISSING_MODEL: "The model {reference} does not exist",
    DefectCode.MISSING_JOB: "The Job {reference} does not exist",
    DefectCode.MISSING_PAGE: "The page {reference} does not exist",
    DefectCode.MISSING_FILTER: "{owner} has no filter {reference}",
    DefectCode.MISSING_FIELD: "{owner} has no field for the lookup {reference}",
    DefectCode.MISSING_ATTRIBUTE: "{owner} has no attribute {reference}",
    DefectCode.MISSING_VARIABLE: "The Job {owner} has no variable {reference}",
    DefectCode.NOT_FILTERABLE: "{owner} has no filters",
    DefectCode.INVALID_LOOKUP: "{owner} does not support the lookup {reference}",
    DefectCode.INVALID_ARGUMENTS: "The Job {owner} does not accept the arguments",
    DefectCode.INVALID_QUERY: "The query is not valid",
    DefectCode.INVALID_TEMPLATE: "The template {reference} does not compile",
    DefectCode.UNLOADABLE_FILE: "The file does not load",
}


@check(phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(RELEASE_NOTES,))
def incompatible(trial_boot: TrialBoot, apps: Apps) -> Iterator[Finding]:
    """Everything that users created works on the target.

    Why: a saved query, template, filter, constraint or Job that refers to something that the new
        release does not have fails when it is used, possibly weeks after the upgrade.
    Fix: replace the reference in the message by its successor in the new release.
    """
    if not trial_boot.is_upgrade:
        raise NotApplicable(TARGET_IS_INSTALLED)
    current = (
        ()
        if isinstance(trial_boot.current_customizations, Unavailable)
        else trial_boot.current_customizations.problems
    )
    known = {_identity(problem) for problem in current}
    for problem in require(trial_boot.facts.customizations).problems:
        if _identity(problem) in known or _is_explained(problem.defect, trial_boot, apps):
            continue
        when, fix = REMEDIATIONS.get(problem.kind, DEFAULT_REMEDIATION)
        yield warning(
            problem.subject,
            f"The {problem.kind} '{problem.name}' does not work on Nautobot {trial_boot.target}. "
            f"{_describe(problem.defect)}",
            fix=fix,
            when=when,
            evidence=(problem.page,),
            names=(problem.defect.owner, problem.defect.reference),
        )


def _identity(problem: CustomizationProblem) -> CustomizationProblem | str:
    """Return the key that distinguishes a new problem from a current one.

    The validator of a GraphQL query reports its first error only, and releases differ in which
    error is the first, so a query that is invalid now is not reported again. The line of a query in
    the code of an App can differ between the releases of the App.
    """
    if problem.defect.code is DefectCode.INVALID_QUERY or problem.kind == APP_CODE:
        return problem.subject
    return problem


def _is_explained(defect: Defect, trial_boot: TrialBoot, apps: Apps) -> bool:
    """Return whether another finding explains the defect.

    The target may have started without some Apps, whose models and Jobs are then missing. A Job
    can also be missing because Job files are unreadable.
    """
    absent = {*trial_boot.absent_apps, *(app.module for app in trial_boot.app_load_failures)}
    enabled = [app for app in apps.enabled if app.module in absent]
    if defect.code is DefectCode.MISSING_MODEL:
        return defect.reference.startswith(tuple(f"{app.label}." for app in enabled))
    if defect.code is DefectCode.MISSING_JOB:
        unreadable = require(trial_boot.facts.customizations).unreadable
        modules = tuple(f"{app.module}." for app in enabled)
        return JOB_FILE in unreadable or defect.reference.startswith(modules)
    return False


def _describe(defect: Defect) -> str:
    """Return the sentences about a defect."""
    text = DEFECT_TEXTS[defect.code].format(reference=defect.reference, owner=defect.owner)
    text = " ".join(text.split())
    if defect.line:
        text += f" (line {defect.line})"
    if defect.detail:
        text += f": {defect.detail.rstrip('.')}"
    return f"{text}." + (f" Did you mean {defect.suggestion}?" if defect.suggestion else "")


@check()
def not_inspected(trial_boot: TrialBoot) -> Iterator[Finding]:
    """All queries, templates, filters, constraints and views were inspected.

    Why: it is unknown whether the others work on the target.
    Fix: see the reason. Usually the database role lacks a privilege.
    """
    if not trial_boot.is_upgrade:
        raise NotApplicable(TARGET_IS_INSTALLED)
    if unreadable := require(trial_boot.facts.customizations).unreadable:
        raise FactUnavailable("; ".join(f"{kind}: {reason}" for kind, reason in unreadable.items()))
    yield from ()
