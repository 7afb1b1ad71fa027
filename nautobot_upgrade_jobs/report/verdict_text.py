"""What a verdict says, and what to do next, for each kind of report."""

from __future__ import annotations

from ..checks.findings import Verdict

HEADLINES = {
    "preflight": {
        Verdict.GO: "Nothing found that speaks against the upgrade.",
        Verdict.CAUTION: "The upgrade can go ahead; read the warnings first.",
        Verdict.BLOCKED: "Do not upgrade yet.",
        Verdict.INCOMPLETE: "No answer yet: some checks could not look.",
    },
    "compare": {
        Verdict.GO: "Nothing changed that was not to be expected.",
        Verdict.CAUTION: "Something changed that no release explains.",
        Verdict.BLOCKED: "Something is lost.",
        Verdict.INCOMPLETE: "Not everything could be compared.",
    },
    "verify": {
        Verdict.GO: "The upgrade is finished, and what was looked at is sound.",
        Verdict.CAUTION: "Nautobot can be used; something is still to be done.",
        Verdict.BLOCKED: "The upgrade is not finished, or the database is not what the code needs.",
        Verdict.INCOMPLETE: "No answer yet: some checks could not look.",
    },
    "rollback": {
        Verdict.GO: "There is a way back, and it loses nothing.",
        Verdict.CAUTION: "There is a way back; read first what it costs.",
        Verdict.BLOCKED: "The way back is not open: see first what is in it.",
        Verdict.INCOMPLETE: "No answer yet: some checks could not look.",
    },
    "doctor": {
        Verdict.GO: "Nautobot starts.",
        Verdict.CAUTION: "Nautobot starts; something is wrong all the same.",
        Verdict.BLOCKED: "Nautobot does not start.",
        Verdict.INCOMPLETE: "No answer: the doctor could not look.",
    },
}
NEXT_STEPS = {
    "preflight": {
        Verdict.GO: "Follow the plan, upgrade-plan.md among the files, in its order: stop, "
        "snapshot, backup, install, migrate, verify. Restore a backup once elsewhere before.",
        Verdict.CAUTION: "Decide about each warning. Then follow the plan, upgrade-plan.md among "
        "the files, in its order: stop, snapshot, backup, install, migrate, verify. Restore a "
        "backup once elsewhere before.",
        Verdict.BLOCKED: "Mend the blockers from the top and run Preflight again, until none is "
        "left; where nautobot_config.py was changed, restart web and workers before. Only then "
        "take the backup and upgrade.",
        Verdict.INCOMPLETE: "Give the checks under 'Not checked' what they need, and run Preflight "
        "again.",
    },
    "compare": {
        Verdict.GO: "Nothing to do; keep both snapshots as long as a way back may be needed.",
        Verdict.CAUTION: "Decide about each change. What you changed yourself needs nothing; find "
        "out who or what made the others.",
        Verdict.BLOCKED: "Find out about each loss while the old database or its backup is at "
        "hand; what follows tells the tables and columns. Let users in afterwards.",
        Verdict.INCOMPLETE: "See under 'Not checked' what could not be compared, and why; look at "
        "it by hand, or capture again with what is missing.",
    },
    "verify": {
        Verdict.GO: "Let users in. Keep the backup and the snapshot as long as a way back may be "
        "needed.",
        Verdict.CAUTION: "Do what each warning says, in this order, and run Verify Migrations "
        "again.",
        Verdict.BLOCKED: "Let nobody in yet. Do what the blockers say, from the top, and run "
        "Verify Migrations again until none is left.",
        Verdict.INCOMPLETE: "Give the checks under 'Not checked' what they need, and run Verify "
        "Migrations again.",
    },
    "rollback": {
        Verdict.GO: "Follow the steps, one by one; each has a command that proves it.",
        Verdict.CAUTION: "Decide about each loss, and save what must not be lost. Then follow the "
        "steps, one by one; each has a command that proves it.",
        Verdict.BLOCKED: "Do what the blockers say before anything is changed: the present "
        "database is still whole.",
        Verdict.INCOMPLETE: "Give the checks under 'Not checked' what they need, and plan again.",
    },
    "doctor": {
        Verdict.GO: "Run `nautobot-server upgrade_jobs verify`: is the upgrade finished?",
        Verdict.CAUTION: "Read the warnings: each says whether it is in the way.",
        Verdict.BLOCKED: "Mend the first blocker and run doctor again; it may have hidden another.",
        Verdict.INCOMPLETE: "See under 'Not checked' what it needs.",
    },
}
