"""Reports that the golden files show: one of each kind an operator meets."""

from dataclasses import replace
from datetime import date, datetime, timezone

from nautobot_upgrade_jobs.checks.findings import (
    Acceptance,
    CheckResult,
    Finding,
    Impact,
    Phase,
    Severity,
    Status,
    Verdict,
)
from nautobot_upgrade_jobs.report import Report

HOSTILE = "a|b <script>alert(1)</script> `code` *bold*\nsecond line [x](javascript:alert(1))"

BLOCKER = Finding(
    severity=Severity.BLOCKER,
    subject="dcim_cable",
    message="2 cables end on a row that no longer exists.",
    remediation="Open each cable and delete or reconnect it.",
    phase=Phase.MIGRATE,
    impact=Impact.OUTAGE,
    commands=("nautobot-server shell", "SELECT 1;"),
    evidence=("cable 1: dcim.interface 2 is gone",),
    references=("https://docs.nautobot.com/",),
)
WARNING = replace(
    BLOCKER,
    severity=Severity.WARNING,
    subject="MEDIA_ROOT",
    message="MEDIA_ROOT does not exist.",
    phase=Phase.POST_UPGRADE,
    impact=Impact.FEATURE_LOSS,
    commands=(),
    evidence=(),
    references=(),
)
INFO = replace(WARNING, severity=Severity.INFO, subject="3.2.7", message="There is a newer line.")
ACCEPTED = Acceptance(
    "storage.writable:MEDIA_ROOT", "mounted at boot", "alice", date(2027, 1, 31), "3.2.7"
)

GO = Report(
    kind="preflight",
    instance="nautobot.example.com",
    created=datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc),
    current="Nautobot 3.2.6",
    target="Nautobot 3.2.7",
    verdict=Verdict.GO,
    results=(
        CheckResult("data.dangling_cables", "No cable dangles.", Status.PASSED, "data"),
        CheckResult("storage.writable", "Folders are writable.", Status.PASSED, "facts"),
    ),
    migrations=(),
    tool="nautobot-upgrade-jobs 0.1.0",
    catalog="2026.11.20",
    seconds=0.42,
)
BLOCKED = replace(
    GO,
    current="Nautobot 2.4.44",
    verdict=Verdict.BLOCKED,
    results=(
        CheckResult(
            "data.dangling_cables",
            "No cable dangles.",
            Status.FAILED,
            "data",
            findings=(BLOCKER,),
            why="The migration would abort.",
        ),
        CheckResult(
            "storage.writable", "Folders are writable.", Status.FAILED, "facts", "", (WARNING,)
        ),
        CheckResult("target.newer_lines", "Newer lines.", Status.FAILED, "facts", "", (INFO,)),
        CheckResult("workers.answering", "A worker answers.", Status.PASSED, "facts"),
        CheckResult(
            "jobs.approval_gate", "No gate.", Status.NOT_APPLICABLE, "facts", "does not pass 3.0"
        ),
    ),
    migrations=("dcim.0089_populate_cabletocabletermination",),
    accepted={ACCEPTED.finding: ACCEPTED},
    lapsed=(replace(ACCEPTED, finding="redis.server_version:redis", until=date(2026, 1, 1)),),
)
INCOMPLETE = replace(
    GO,
    verdict=Verdict.INCOMPLETE,
    results=(
        CheckResult("data.dangling_cables", "No cable dangles.", Status.SKIPPED, "data", HOSTILE),
        CheckResult("system.clean", "Clean.", Status.CRASHED, "facts", "ValueError: boom"),
        CheckResult("storage.writable", "Folders are writable.", Status.PASSED, "facts"),
    ),
    migrations=None,
)
HOSTILE_REPORT = replace(
    BLOCKED,
    instance=HOSTILE,
    results=(
        CheckResult(
            "data.dangling_cables",
            "No cable dangles.",
            Status.FAILED,
            "data",
            "",
            (
                replace(
                    BLOCKER,
                    subject=HOSTILE,
                    message=HOSTILE,
                    remediation=HOSTILE,
                    commands=(HOSTILE, "````"),
                    evidence=(HOSTILE,),
                ),
            ),
        ),
    ),
)
SAMPLES = {
    "go": GO,
    "blocked": BLOCKED,
    "incomplete": INCOMPLETE,
    "hostile": HOSTILE_REPORT,
}
