"""What users have made, as the target understands it."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Apps, FactUnavailable, Unavailable, require
from ...facts.trial_boot import TrialBoot
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check

RELEASES = "https://docs.nautobot.com/projects/core/en/stable/release-notes/"
TARGET_IS_INSTALLED = "what is installed is the target"
JOB_FILE = "file of Jobs"
REMEDIATIONS = {
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
SINGLE_REASON_KIND = "GraphQL query"
"""Of which only the first of all reasons is told, and that in words that releases differ in."""
DEFAULT_REMEDIATION = "Change it as the release notes say, together with the upgrade."


@check()
def incompatible(trial_boot: TrialBoot, apps: Apps) -> Iterator[Finding]:
    """Everything that users have made works on the target as it does today.

    Why: a saved query, a template, a filter, a constraint or a Job that names something that the
        new release does not have fails when it is used, weeks after the upgrade at worst.
    Fix: change what the message names, in the words of the new release.
    """
    if not trial_boot.is_separate_environment:
        raise NotApplicable(TARGET_IS_INSTALLED)
    today = (
        ()
        if isinstance(trial_boot.current_customizations, Unavailable)
        else trial_boot.current_customizations.problems
    )
    broken_today = {one.subject for one in today if one.kind == SINGLE_REASON_KIND} | {*today}
    absent = _absent_app_reason_prefixes(trial_boot, apps)
    for one in require(trial_boot.facts.customizations).problems:
        if one.reason.startswith(absent):
            continue  # a finding about the App says it
        if one in broken_today or one.subject in broken_today:
            continue
        yield Finding(
            severity=Severity.WARNING,
            subject=one.subject,
            message=f"On Nautobot {trial_boot.target}, the {one.kind} {one.name} does not work: "
            + one.reason
            + (f"; did you mean {one.hint}?" if one.hint else "."),
            remediation=REMEDIATIONS.get(one.kind, DEFAULT_REMEDIATION),
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            evidence=(one.page,),
            references=(RELEASES,),
        )


def _absent_app_reason_prefixes(trial_boot: TrialBoot, apps: Apps) -> tuple[str, ...]:
    """Return how problems begin that come only from what the target was started without."""
    gone = {*trial_boot.absent_apps, *(one.module for one in trial_boot.app_load_failures)}
    enabled = [one for one in apps.enabled if one.module in gone]
    unread = require(trial_boot.facts.customizations).unreadable
    return (
        *(["there is no Job "] if JOB_FILE in unread else []),  # it may be in what is not read
        *(f"there is no model {one.label}." for one in enabled),
        *(f"there is no Job {one.module}." for one in enabled),
    )


@check()
def not_inspected(trial_boot: TrialBoot) -> Iterator[Finding]:
    """Queries, templates, filters, constraints and views could be looked at.

    Why: what nobody looked at may work or not.
    Fix: see the reason; most often a permission of the database role.
    """
    if not trial_boot.is_separate_environment:
        raise NotApplicable(TARGET_IS_INSTALLED)
    if unread := require(trial_boot.facts.customizations).unreadable:
        raise FactUnavailable("; ".join(f"{kind}: {why}" for kind, why in unread.items()))
    yield from ()
