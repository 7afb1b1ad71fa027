"""Headline and next step of a report, by the kind of report and the verdict."""

from __future__ import annotations

from ..checks.findings import Verdict
from ..common.text import plural

UPGRADE_PLAN_STEPS = (
    "Follow upgrade-plan.md in its order: stop, snapshot, backup, install, migrate, verify. "
    "Restore a backup elsewhere once before the upgrade."
)
CHOOSE_TARGET = "To upgrade to another release, run Preflight with that target."
FIX_BEFORE_NEXT_UPGRADE = "Fix the blockers: they exist now, and would stop an upgrade."
RERUN_PREFLIGHT = "Provide what the checks under 'Not checked' need and run Preflight again."
FULL_RUN = "Run Preflight with all checks for a verdict."
EVIDENCE_SOURCES = {
    "facts": "the installation and its configuration, as read",
    "data": "read-only queries over the live rows",
    "index": "the package index, searched for a compatible set of releases",
    "target": "the target release, built and started in a separate environment",
    "rehearsal": "whether the upgrade succeeds on a copy of the data",
}
HEADLINES = {
    "preflight": {
        Verdict.GO: "No problems found.",
        Verdict.CAUTION: "The upgrade can go ahead. Read the warnings first.",
        Verdict.BLOCKED: "Do not upgrade yet.",
        Verdict.INCOMPLETE: "No verdict yet, because some checks could not run.",
    },
    "compare": {
        Verdict.GO: "All changes were expected.",
        Verdict.CAUTION: "Some changes are not explained by any release.",
        Verdict.BLOCKED: "Data was lost.",
        Verdict.INCOMPLETE: "Some parts could not be compared.",
    },
    "verify": {
        Verdict.GO: "The upgrade is complete, and every check passed.",
        Verdict.CAUTION: "Nautobot can be used, but some work remains.",
        Verdict.BLOCKED: "The upgrade is not complete, or the database does not match the code.",
        Verdict.INCOMPLETE: "No verdict yet, because some checks could not run.",
    },
    "rollback": {
        Verdict.GO: "A rollback is possible and loses nothing.",
        Verdict.CAUTION: "A rollback is possible. Read first what it loses.",
        Verdict.BLOCKED: "Rollback is blocked. Resolve the blockers first.",
        Verdict.INCOMPLETE: "No verdict yet, because some checks could not run.",
    },
    "rehearse": {
        Verdict.GO: "The upgrade and its rollback succeed on a copy of the data.",
        Verdict.CAUTION: "The upgrade succeeds on a copy of the data. Read the warnings first.",
        Verdict.BLOCKED: "The upgrade or its rollback fails on a copy of the data.",
        Verdict.INCOMPLETE: "The rehearsal is not complete. What is not checked is not proven.",
    },
    "doctor": {
        Verdict.GO: "Nautobot starts.",
        Verdict.CAUTION: "Nautobot starts, but something is wrong.",
        Verdict.BLOCKED: "Nautobot does not start.",
        Verdict.INCOMPLETE: "No verdict, because the doctor could not run.",
    },
}
NEXT_STEPS = {
    "preflight": {
        Verdict.GO: UPGRADE_PLAN_STEPS,
        Verdict.CAUTION: f"Decide about each warning. {UPGRADE_PLAN_STEPS}",
        Verdict.BLOCKED: "Take a backup before you change rows. Fix the blockers in their order. "
        "If a fix belongs to the maintenance window, accept the finding. Restart web and workers "
        "after you change nautobot_config.py. Run Preflight again until no blocker is open.",
        Verdict.INCOMPLETE: RERUN_PREFLIGHT,
    },
    "compare": {
        Verdict.GO: "No action is needed. Keep both snapshots as long as a rollback may be needed.",
        Verdict.CAUTION: "Decide about each change. Changes that you made need no action. Find the "
        "cause of the others.",
        Verdict.BLOCKED: "Find the cause of each loss while the old database or its backup is "
        "available. The blockers name the tables and columns. Let users in afterwards.",
        Verdict.INCOMPLETE: "Read under 'Not checked' what could not be compared and why. Compare "
        "it by hand, or provide what is missing and capture again.",
    },
    "verify": {
        Verdict.GO: "Let users in. Keep the backup and the snapshot as long as a rollback may be "
        "needed.",
        Verdict.CAUTION: "Resolve the warnings in order and run Verify Migrations again.",
        Verdict.BLOCKED: "Do not let users in yet. Resolve the blockers in order and run Verify "
        "Migrations again until none remain.",
        Verdict.INCOMPLETE: "Provide what the checks under 'Not checked' need and run Verify "
        "Migrations again.",
    },
    "rollback": {
        Verdict.GO: "Follow the steps one by one. Each has a command that verifies it.",
        Verdict.CAUTION: "Decide about each loss and save the data that you must keep. Then follow "
        "the steps one by one. Each has a command that verifies it.",
        Verdict.BLOCKED: "Resolve the blockers before you change anything. The current database is "
        "still intact.",
        Verdict.INCOMPLETE: "Provide what the checks under 'Not checked' need and plan again.",
    },
    "rehearse": {
        Verdict.GO: "Run Preflight, and follow upgrade-plan.md. Rehearse again if the data or the "
        "packages change before the window.",
        Verdict.CAUTION: "Decide about each warning. Then run Preflight, and follow "
        "upgrade-plan.md.",
        Verdict.BLOCKED: "Fix the first blocker on the live installation, and rehearse again. The "
        "live installation was not changed.",
        Verdict.INCOMPLETE: "Read under 'Not checked' which stage could not be carried out and "
        "why. Then rehearse again.",
    },
    "doctor": {
        Verdict.GO: "Run `nautobot-server upgrade_jobs verify` to see whether the upgrade is "
        "complete.",
        Verdict.CAUTION: "Read the warnings. Each says whether it prevents the upgrade.",
        Verdict.BLOCKED: "Fix the first blocker and run doctor again. The first blocker can hide "
        "others.",
        Verdict.INCOMPLETE: "Read under 'Not checked' what the doctor needs.",
    },
}


def describe_partial_run(checks: int, findings: int, not_checked: int, without_use: int) -> str:
    """Return what a run found that was limited to some checks, as a sentence.

    Args:
        checks: Number of checks to which the run was limited.
        findings: Number of findings that are not accepted.
        not_checked: Number of these checks that could not run.
        without_use: Number of these checks that do not apply to the upgrade.
    """
    found = plural(findings, "finding") if findings else "no findings"
    if not_checked:
        asked = "was" if checks == 1 else "were"
        return (
            f"Only {plural(checks, 'check')} {asked} asked for, with {found}. "
            f"{not_checked} could not run."
        )
    verb = "does" if without_use == 1 else "do"
    applies = f" {without_use} {verb} not apply." if without_use else ""
    return f"Only {plural(checks, 'check')} ran, with {found}.{applies}"
