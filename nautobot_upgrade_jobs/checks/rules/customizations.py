"""Checks of user-created content with the code of the target."""

from __future__ import annotations

from collections.abc import Iterator

from ...common.text import plural
from ...facts import Apps, FactUnavailable, Listing, Unavailable, require
from ...facts.customizations import (
    APP_CODE,
    JOB_FILE,
    SCHEDULED_JOB,
    CustomizationProblem,
    Defect,
    DefectCode,
)
from ...facts.filter_results import FILTER_KINDS
from ...facts.trial_boot import TrialBoot
from ..build import info, warning
from ..findings import Finding, Impact, Phase
from ..planned_upgrade import require_upgrade
from ..references import RELEASE_NOTES
from ..registry import check
from ..remediation import When

REMEDIATIONS = {
    "GraphQL query": (
        When.AFTER,
        "Prepare the new query now, and save it right after the upgrade. Until you save it, the "
        "API rejects the query. Code that calls `execute_saved_query` gets a response without the "
        "field, and no error.",
    ),
    "dynamic group": (
        When.NOW,
        "Replace the filter with one that selects the intended objects on both releases. Some "
        "releases ignore an invalid filter, and others match nothing.",
    ),
    "object permission": (
        When.AFTER,
        "Prepare the new constraint now, and save it right after the upgrade. Until you save it, "
        "the affected users get errors, or they have access to other objects than now.",
    ),
    SCHEDULED_JOB: (
        When.NOW,
        "Disable the schedule. After the upgrade, create the schedule again for a Job that "
        "exists, with arguments that this Job accepts.",
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
    "Find the change in the release notes. Write the new version of the object now, and save it "
    "right after the upgrade.",
)
DEFECT_TEXTS = {
    DefectCode.MISSING_MODEL: "The model {reference} does not exist",
    DefectCode.MISSING_JOB: "The Job {reference} does not exist",
    DefectCode.MISSING_PAGE: "The page {reference} does not exist",
    DefectCode.MISSING_FILTER: "{owner} has no filter {reference}",
    DefectCode.INVALID_FILTER_VALUE: "The filter {reference} of {owner} rejects the value",
    DefectCode.MISSING_FIELD: "{owner} has no field for the lookup {reference}",
    DefectCode.MISSING_ATTRIBUTE: "{owner} has no attribute {reference}",
    DefectCode.MISSING_VARIABLE: "The Job {owner} has no variable {reference}",
    DefectCode.NOT_FILTERABLE: "{owner} has no filters",
    DefectCode.INVALID_LOOKUP: "{owner} does not support the lookup {reference}",
    DefectCode.INVALID_ARGUMENTS: "The Job {owner} does not accept the arguments",
    DefectCode.INVALID_CRONTAB: "The crontab {reference} is not valid",
    DefectCode.INVALID_QUERY: "The query is not valid",
    DefectCode.INVALID_TEMPLATE: "The template {reference} does not compile",
    DefectCode.UNLOADABLE_FILE: "The file does not load",
}


@check(phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(RELEASE_NOTES,))
def incompatible(trial_boot: TrialBoot, apps: Apps) -> Iterator[Finding]:
    """Everything that users created works on the target.

    Why: a saved query, template, filter, constraint or Job fails when it is used, if it refers to
        something that the new release lacks. This can be weeks after the upgrade.
    Fix: replace the reference that the message names with its successor in the new release.
    """
    require_upgrade(trial_boot)
    for problem in _new_problems(trial_boot, apps):
        if problem.defect.condition:
            yield _possible_defect(problem, trial_boot.target)
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


@check(phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(RELEASE_NOTES,))
def already_broken(trial_boot: TrialBoot, apps: Apps) -> Iterator[Finding]:
    """Nothing that users created is broken on both releases.

    Why: what is broken before the upgrade looks like damage by the upgrade afterwards.
    Fix: correct it or delete it before the upgrade.
    """
    require_upgrade(trial_boot)
    current = _current_problems(trial_boot)
    for problem in _unexplained_problems(trial_boot, apps):
        if _identity(problem) in current and not problem.defect.condition:
            yield info(
                problem.subject,
                f"The {problem.kind} '{problem.name}' is not valid now, and also not on "
                f"Nautobot {trial_boot.target}. {_describe(problem.defect)}",
                fix="Correct it or delete it before the upgrade.",
                evidence=(problem.page,),
                names=(problem.defect.owner, problem.defect.reference),
            )


def _possible_defect(problem: CustomizationProblem, target: str) -> Finding:
    """Return the finding about code that may not run on the target."""
    return info(
        problem.subject,
        f"The {problem.kind} '{problem.name}' has a line that fails if it runs on Nautobot "
        f"{target}. {_describe(problem.defect)}",
        fix="Read the condition in the evidence. If it is false on the target, there is nothing to "
        "do. If it is true, change the code, or look for a release of the App that supports the "
        "target.",
        evidence=(problem.page, f"condition: {problem.defect.condition}"),
        names=(problem.defect.owner, problem.defect.reference),
    )


def _new_problems(trial_boot: TrialBoot, apps: Apps) -> Iterator[CustomizationProblem]:
    """Yield the problems that the upgrade causes and that no other finding explains."""
    current = _current_problems(trial_boot)
    for problem in _unexplained_problems(trial_boot, apps):
        if _identity(problem) not in current:
            yield problem


def _unexplained_problems(trial_boot: TrialBoot, apps: Apps) -> Iterator[CustomizationProblem]:
    for problem in require(trial_boot.facts.customizations).problems:
        if not _is_explained(problem.defect, trial_boot, apps):
            yield problem


def _current_problems(trial_boot: TrialBoot) -> frozenset[CustomizationProblem | str]:
    """Return the identities of the problems on the installed release, if these are known."""
    current = trial_boot.current_customizations
    problems = () if isinstance(current, Unavailable) else current.problems
    return frozenset(map(_identity, problems))


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


@check(phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(RELEASE_NOTES,))
def different_results(trial_boot: TrialBoot, apps: Apps) -> Iterator[Finding]:
    """Every stored filter and constraint selects the same objects on the target.

    Why: two releases can evaluate a filter differently, and no message reports it. Permissions,
        Jobs and config contexts then apply to other objects. Preflight runs the filters of dynamic
        groups, permissions and saved views with the code of both releases.
    Fix: decide which objects are intended, and write the filter so that both releases select them.
    """
    require_upgrade(trial_boot)
    current = require(trial_boot.current_filter_results)
    target = require(trial_boot.facts.filter_results)
    problems = list(_new_problems(trial_boot, apps))
    for section, kind in FILTER_KINDS.items():
        now, then = require(getattr(current, section)), require(getattr(target, section))
        for name in different_selections(now, then):
            is_explained = any(_is_about(problem, kind, name, then) for problem in problems)
            if is_explained or _changed_during_trial(trial_boot, section, name, now):
                continue
            subject = f"{kind} {name}"
            message = f"The {kind} '{name}' selects {plural(now.counts[name], 'object')} now."
            evidence = (f"now: {now.items[name]}", f"target: {then.items[name]}")
            if name in then.errors:
                yield info(
                    subject,
                    f"{message} The code of Nautobot {trial_boot.target} could not evaluate it: "
                    f"{then.errors[name]}.",
                    fix="After the upgrade, count the objects again, and compare.",
                    evidence=evidence,
                )
                continue
            when, fix = REMEDIATIONS.get(kind, DEFAULT_REMEDIATION)
            yield warning(
                subject,
                f"{message} With the code of Nautobot {trial_boot.target} "
                f"{_describe_result(now, then, name)}.",
                fix=fix,
                when=when,
                evidence=evidence,
            )


def different_selections(now: Listing, then: Listing) -> tuple[str, ...]:
    """Return the names in both listings whose objects are counted now and are not the same then."""
    return tuple(
        name
        for name in sorted(now.counts)
        if then.items.get(name, now.items[name]) != now.items[name]
    )


def _changed_during_trial(trial_boot: TrialBoot, section: str, name: str, now: Listing) -> bool:
    """Return whether the objects changed while the target ran, so that the results may differ."""
    recounted = trial_boot.recounted_filter_results
    listing = recounted if isinstance(recounted, Unavailable) else getattr(recounted, section)
    return not isinstance(listing, Unavailable) and listing.items.get(name) != now.items[name]


def _is_about(problem: CustomizationProblem, kind: str, name: str, then: Listing) -> bool:
    """Return whether a problem explains the result of an object with this name in a listing.

    A permission has one result for each model, and two users can have a view of the same name.
    There, a problem explains only that nothing is selected.
    """
    if problem.kind != kind:
        return False
    return name == problem.name or (
        not then.counts.get(name)
        and (name.startswith(f"{problem.name}: ") or f" / {problem.name} of " in name)
    )


def _describe_result(now: Listing, then: Listing, name: str) -> str:
    number = then.counts.get(name)
    if number is None:  # the model is gone, or the constraint is
        return f"the objects cannot be counted ({then.items[name]})"
    if number == now.counts[name]:
        return f"it selects {plural(number, 'object')}, but not the same ones"
    return f"it selects {plural(number, 'object') if number else 'no objects'}"


@check()
def not_inspected(trial_boot: TrialBoot) -> Iterator[Finding]:
    """All queries, templates, filters, constraints and views were inspected.

    Why: it is unknown whether an item that was not inspected works on the target.
    Fix: see the reason. Usually the database role lacks a privilege.
    """
    require_upgrade(trial_boot)
    if unreadable := require(trial_boot.facts.customizations).unreadable:
        raise FactUnavailable("; ".join(f"{kind}: {reason}" for kind, reason in unreadable.items()))
    yield from ()
