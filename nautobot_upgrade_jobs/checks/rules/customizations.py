"""What users have made, as the target understands it."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Apps, MissingFactError, Unavailable, known
from ...facts.booted import Booted
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check

RELEASES = "https://docs.nautobot.com/projects/core/en/stable/release-notes/"
SAME_CODE = "what is installed is the target"
JOB_FILE = "file of Jobs"
TO_DO = {
    "GraphQL query": "Change the query as the release notes say, right after the upgrade. Until "
    "then the API refuses it; code that runs it by `execute_saved_query` gets an answer without "
    "the field, and no error.",
    "dynamic group": "Look at the filter before the upgrade: a filter that is not known is "
    "overlooked by some releases, and matches nothing in others.",
    "object permission": "Change the constraint together with the upgrade: until then, its users "
    "get errors, or nothing.",
    "scheduled job": "Disable the schedule before the upgrade; afterwards make it anew, with what "
    "its Job takes then.",
    JOB_FILE: "Change the file so that it loads on both releases, or with the upgrade; its "
    "Jobs are not there until then.",
}
ONE_REASON = "GraphQL query"
"""Of which only the first of all reasons is told, and that in words that releases differ in."""
OTHERS = "Change it as the release notes say, together with the upgrade."


@check()
def understood(booted: Booted, apps: Apps) -> Iterator[Finding]:
    """Everything that users have made works on the target as it does today.

    Why: a saved query, a template, a filter, a constraint or a Job that names something that the
        new release does not have fails when it is used, weeks after the upgrade at worst.
    Fix: change what the message names, in the words of the new release.
    """
    if not booted.built:
        raise NotApplicable(SAME_CODE)
    today = () if isinstance(booted.today, Unavailable) else booted.today.problems
    broken_today = {one.subject for one in today if one.kind == ONE_REASON} | {*today}
    absent = _without(booted, apps)
    for one in known(booted.facts.customizations).problems:
        if one.reason.startswith(absent):
            continue  # a finding about the App says it
        if one in broken_today or one.subject in broken_today:
            continue
        yield Finding(
            severity=Severity.WARNING,
            subject=one.subject,
            message=f"On Nautobot {booted.target}, the {one.kind} {one.name} does not work: "
            + one.reason
            + (f"; did you mean {one.hint}?" if one.hint else "."),
            remediation=TO_DO.get(one.kind, OTHERS),
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            evidence=(one.page,),
            references=(RELEASES,),
        )


def _without(booted: Booted, apps: Apps) -> tuple[str, ...]:
    """Return how problems begin that come only from what the target was started without."""
    gone = {*booted.missing, *(one.module for one in booted.refusals)}
    enabled = [one for one in apps.enabled if one.module in gone]
    unread = known(booted.facts.customizations).unread
    return (
        *(["there is no Job "] if JOB_FILE in unread else []),  # it may be in what is not read
        *(f"there is no model {one.label}." for one in enabled),
        *(f"there is no Job {one.module}." for one in enabled),
    )


@check()
def looked_at(booted: Booted) -> Iterator[Finding]:
    """Queries, templates, filters, constraints and views could be looked at.

    Why: what nobody looked at may work or not.
    Fix: see the reason; most often a permission of the database role.
    """
    if not booted.built:
        raise NotApplicable(SAME_CODE)
    if unread := known(booted.facts.customizations).unread:
        raise MissingFactError("; ".join(f"{kind}: {why}" for kind, why in unread.items()))
    yield from ()
