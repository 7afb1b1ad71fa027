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
from nautobot_upgrade_jobs.checks.release_notes import TriagedNote
from nautobot_upgrade_jobs.checks.remediation import configuration, shell, sql
from nautobot_upgrade_jobs.facts import Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.preconditions import (
    Precondition,
    PreconditionKind,
    PreconditionResult,
)
from nautobot_upgrade_jobs.facts.release_notes import ReleaseNote
from nautobot_upgrade_jobs.facts.resolution import AppReleases
from nautobot_upgrade_jobs.migration_graph.reverse_plan import MigrateCall
from nautobot_upgrade_jobs.report import Report
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, UpgradeState
from nautobot_upgrade_jobs.rollback.losses import DataLoss, ReverseFailure
from nautobot_upgrade_jobs.rollback.options import RollbackDecision, RollbackOption
from nautobot_upgrade_jobs.rollback.package_set import RollbackPlan, pins_without_index
from nautobot_upgrade_jobs.runbook.rollback import plan_rollback_steps
from nautobot_upgrade_jobs.runbook.target_packages import TargetPackages
from nautobot_upgrade_jobs.runbook.upgrade import UpgradePlan, plan_upgrade
from nautobot_upgrade_jobs.snapshot.compare import Change, ChangeKind
from nautobot_upgrade_jobs.upgrade.overview import MigrationRisk, UpgradeOverview, Waypoint
from nautobot_upgrade_jobs.upgrade.package_changes import PackageChange
from tests.support.builders import (
    code_failure,
    database,
    known,
    migrate_run,
    migration_run,
    rehearsal,
    runtime,
)

MEDIA = "/opt/nautobot/media"
HOSTILE = "a|b <script>alert(1)</script> `code` *bold*\nsecond line [x](javascript:alert(1))"
HOSTILE += " \x1b[31mred \u202etxet"

BLOCKER = Finding(
    severity=Severity.BLOCKER,
    subject="dcim_cable",
    message="2 cables end on a row that no longer exists.",
    remediation="Open each cable and delete or reconnect it.",
    phase=Phase.MIGRATE,
    impact=Impact.OUTAGE,
    commands=(shell("nautobot-server shell"), sql("SELECT 1;")),
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
    "storage.not_writable:MEDIA_ROOT", "mounted at boot", "alice", date(2027, 1, 31), "3.2.7"
)

REMOVED = ReleaseNote(
    "nautobot",
    "3.2.0",
    "removed",
    "#1 - Removed the `termination_a` field.",
    identifiers=("termination_a",),
    link="https://docs.nautobot.com/projects/core/en/stable/release-notes/version-3.2.html#removed",
)

REVERSE = RollbackOption(
    "reverse_migrations",
    losses=(
        DataLoss("dropped", "dcim_cabletype", 14, "dcim.0086_cabletype"),
        DataLoss("restored empty", "dcim_cable.termination_a_id", 7, "dcim.0090_remove"),
        DataLoss("possibly altered", "app.0002_code", None, "app.0002_code"),
    ),
    failure=ReverseFailure(
        "dcim.0090_remove",
        "RemoveField",
        21,
        PreconditionResult(
            Precondition(
                PreconditionKind.NOT_NULL,
                "dcim.0090_remove",
                "RemoveField",
                "dcim_cable",
                name="end",
            ),
            7,
        ),
    ),
    prerequisites=("the code that has applied them: only it knows how",),
    seconds=(170.0, 1250.0),
    basis="58 migrations and the rows that they work on",
)
RESTORE = RollbackOption(
    "restore_backup",
    losses=(
        DataLoss(
            "written since",
            "dcim.device",
            3,
            "alice",
            "create",
            ("edge-05", "edge-06"),
            "/extras/object-changes/?changed_object_type=dcim.device",
        ),
    ),
    prerequisites=("a backup that is one",),
    seconds=(121.0, 960.0),
    basis="the size that the database has now",
)
CHOICE = RollbackDecision(
    Diagnosis(UpgradeState.COMPLETE, 58, ()),
    (
        RollbackOption("reinstall", "the upgrade is complete: 58 migrations are committed."),
        RollbackOption("roll_forward", "there is nothing left to finish"),
        REVERSE,
        RESTORE,
    ),
    RESTORE,
    RESTORE,
    has_snapshot=True,
)
AHEAD = replace(
    CHOICE,
    diagnosis=Diagnosis(UpgradeState.PLANNED, 59, ()),
    options=(
        RollbackOption("reinstall", "a way only until migrate has begun"),
        replace(REVERSE, failure=None, point_of_no_return="dcim.0086_cabletype"),
        replace(
            RESTORE, losses=(DataLoss("written since", "everything", None, "", "not yet known"),)
        ),
    ),
)
GO = Report(
    kind="preflight",
    instance="nautobot.example.com",
    created=datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc),
    current="Nautobot 3.2.6",
    target="Nautobot 3.2.7",
    installed_version="3.2.6",
    target_version="3.2.7",
    verdict=Verdict.GO,
    results=(
        CheckResult("data.dangling_cables", "No cable dangles.", Status.PASSED, "data"),
        CheckResult("storage.not_writable", "Folders are writable.", Status.PASSED, "facts"),
    ),
    migrations=(),
    notes_unavailable_reason="the target was not built, on request",
    tool_version="0.1.0",
    catalog="2026.11.20",
    seconds=57.24,
    stage_seconds={"facts": 4.11, "package set": 1.9, "build": 36.93, "trial boot": 14.3},
)
BLOCKED = replace(
    GO,
    packages=(
        PackageChange("nautobot", "2.4.44", "3.2.7", ()),
        PackageChange("nautobot-example", "1.0", "2.0", ("nautobot-other",)),
        PackageChange("old-lib", "1.0", "", ()),
        PackageChange("new-lib", "", "1.0", ("nautobot",)),
    ),
    release_notes=(
        TriagedNote(REMOVED, findings=("data.dangling_cables:dcim_cable",)),
        TriagedNote(
            replace(
                REMOVED,
                distribution="nautobot-example",
                release="2.0",
                kind="action",
                heading="Administrators",
                text="Ask your users first.",
            )
        ),
        TriagedNote(replace(REMOVED, kind="changed", text="Changed the colour of a button.")),
        TriagedNote(
            replace(REMOVED, kind="deprecated", text="Deprecated STORAGE_BACKEND."),
            not_applicable_reason="none of these settings is set here",
        ),
    ),
    distributions_without_notes=("old-lib",),
    package_files={"constraints.txt": "nautobot==3.2.7\n"},
    runbook=plan_upgrade(
        UpgradePlan(
            runtime(),
            known(),
            database(),
            TargetPackages("3.2.7", has_constraints=True),
            59,
            includes_apps=True,
            media=MEDIA,
        )
    ),
    database_state="postgresql nautobot: 0123456789abcdef",
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
            "storage.not_writable", "Folders are writable.", Status.FAILED, "facts", "", (WARNING,)
        ),
        CheckResult(
            "target.newer_line_available", "Newer lines.", Status.FAILED, "facts", "", (INFO,)
        ),
        CheckResult("workers.none_responding", "A worker answers.", Status.PASSED, "facts"),
        CheckResult(
            "jobs.lost_approval_requirement",
            "No gate.",
            Status.NOT_APPLICABLE,
            "facts",
            "does not pass 3.0",
        ),
    ),
    migrations=("dcim.0089_populate_cabletocabletermination",),
    overview=UpgradeOverview(
        path=(
            Waypoint("2.4.44", "installed"),
            Waypoint("3.0.11", "recommended"),
            Waypoint("3.2.7", "target"),
        ),
        migrations=(
            MigrationRisk("dcim.0089_populate_cabletocabletermination", "stops"),
            MigrationRisk("extras.0126_approvals", "code"),
        ),
        apps=(
            AppReleases("nautobot-ssot", "3.9.0", "4.7.0", "3.12.6", "4.7.0"),
            AppReleases("nautobot-old-app", "1.0.0", "", "1.0.0", "1.0.0"),
        ),
    ),
    active_acceptances={ACCEPTED.finding: ACCEPTED},
    lapsed_acceptances=(
        replace(ACCEPTED, finding="redis.unsupported_version:redis", until=date(2026, 1, 1)),
    ),
    rollback_decision=AHEAD,
)
INCOMPLETE = replace(
    GO,
    verdict=Verdict.INCOMPLETE,
    results=(
        CheckResult("data.dangling_cables", "No cable dangles.", Status.SKIPPED, "data", HOSTILE),
        CheckResult(
            "system_checks.messages", "Clean.", Status.CRASHED, "facts", "ValueError: boom"
        ),
        CheckResult("storage.not_writable", "Folders are writable.", Status.PASSED, "facts"),
    ),
    migrations=None,
)
HOSTILE_REPORT = replace(
    BLOCKED,
    release_notes=(
        TriagedNote(ReleaseNote(HOSTILE, "3.0", "action", HOSTILE, HOSTILE), (HOSTILE,)),
    ),
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
                    commands=(shell(HOSTILE), configuration("````")),
                    evidence=(HOSTILE,),
                ),
            ),
        ),
    ),
)
LOST = replace(
    BLOCKER,
    subject="dcim_device",
    message="dcim_device: 3 rows, 1 fewer than before.",
    remediation="Compare these rows in both databases, before and after "
    "extras.0059_joblogentry_scheduledjob_webhook_data_migration.",
    phase=Phase.RUNTIME,
    impact=Impact.DATA_LOSS,
    commands=(),
    evidence=(),
    references=(),
)
COMPARED = replace(
    GO,
    kind="compare",
    current="Nautobot 2.4.44, 2026-11-20 10:00 UTC",
    target="Nautobot 3.2.7, 2026-11-20 12:00 UTC",
    verdict=Verdict.BLOCKED,
    results=(
        CheckResult("packages.changes", "Packages.", Status.PASSED, "facts"),
        CheckResult("files.media", "Media.", Status.SKIPPED, "facts", "media are not in a folder"),
        CheckResult("contents.changes", "Contents.", Status.FAILED, "data", findings=(LOST,)),
    ),
    migrations=None,
    changes=(
        Change(
            ChangeKind.EXPECTED,
            "packages",
            "django",
            "django has changed from 4.2.30 to 5.2.19",
            "4.2.30",
            "5.2.19",
            "The packages installed now do not accept 4.2.30.",
        ),
        Change(
            ChangeKind.EXPECTED,
            "fingerprints",
            "dcim_cable.termination_a_id",
            "dcim_cable.termination_a_id: missing, with 7 values",
            "7 values",
            "",
            "Each end of a cable became a row of dcim_cabletocabletermination.",
            "https://docs.nautobot.com/",
        ),
        Change(
            ChangeKind.NOT_COMPARABLE,
            "files.media",
            "files.media",
            "files.media cannot be compared",
            reason="media are not in a folder",
        ),
        Change(
            ChangeKind.LOST,
            "fingerprints",
            "dcim_device",
            "dcim_device: 3 rows, 1 fewer than before",
        ),
    ),
)
BACK = RollbackPlan(
    runtime(),
    known(),
    database(),
    Packages((Package("nautobot", "3.2.7", (), ""), Package("new-lib", "1.0", (), ""))),
    Packages((Package("nautobot", "2.4.44", (), ""), Package("local-lib", "1.0", (), "", True))),
    (
        MigrateCall("dcim", "0085_typo", ("dcim.0086_cabletype",)),
        MigrateCall("vpn", "zero", ("vpn.0001_initial",)),
    ),
    release="2.4.44",
    snapshot="snapshot-before.json.gz",
    named_versions=(("nautobot", "2.4.44"),),
    media=MEDIA,
)
ROLLBACK = replace(
    GO,
    kind="rollback",
    current="Nautobot 3.2.7",
    target="Nautobot 2.4.44, 2026-11-19 12:00 UTC",
    verdict=Verdict.BLOCKED,
    results=(
        CheckResult(
            "rollback.unproven_backup", "There is one.", Status.FAILED, "data", "", (BLOCKER,)
        ),
    ),
    migrations=None,
    notes_unavailable_reason="",
    rollback_decision=CHOICE,
    package_files={
        "rollback-requirements.txt": pins_without_index(
            BACK.previous_packages, BACK.current_packages, ""
        ).requirements
    },
    runbook=plan_rollback_steps("restore_backup", BACK),
    database_state="postgresql nautobot: 0123456789abcdef, 7 changes",
)

REHEARSED = Report(
    kind="rehearse",
    instance="nautobot-prod",
    created=GO.created,
    current="Nautobot 2.4.44",
    target="Nautobot 3.2.7",
    installed_version="2.4.44",
    target_version="3.2.7",
    verdict=Verdict.BLOCKED,
    results=(
        CheckResult(
            "rehearsal.migrate_fails",
            "All migrations succeed on a copy of the data.",
            Status.FAILED,
            "rehearsal",
            findings=(
                Finding(
                    Severity.BLOCKER,
                    "dcim.0090_remove",
                    "Migration dcim.0090_remove fails on the copy: IntegrityError: duplicate.",
                    "Correct the rows.",
                    Phase.MIGRATE,
                    Impact.OUTAGE,
                ),
            ),
        ),
        CheckResult(
            "rehearsal.restore_fails", "The backup is complete.", Status.PASSED, "rehearsal"
        ),
    ),
    migrations=None,
    tool_version=GO.tool_version,
    catalog=GO.catalog,
    rehearsal=rehearsal(
        forward=migrate_run(
            migration_run("extras.0130_counts", output="Counts were added."),
            stop=code_failure(migration="dcim.0090_remove"),
        ),
        reverse=Unavailable("the upgrade stopped"),
    ),
    stage_seconds={"target": 4.0, "copy": 2.0, "upgrade": 10.0},
    seconds=16.0,
)

SAMPLES = {
    "compared": COMPARED,
    "go": GO,
    "blocked": BLOCKED,
    "incomplete": INCOMPLETE,
    "hostile": HOSTILE_REPORT,
    "rollback": ROLLBACK,
    "rehearsed": REHEARSED,
}


def with_findings(*findings: Finding, checks: int = 1) -> Report:
    """Return a report with findings that are shared among so many checks."""
    results = tuple(
        CheckResult(
            f"data.check_{number}",
            "A requirement.",
            Status.FAILED,
            "data",
            findings=findings[number::checks],
        )
        for number in range(checks)
    )
    return replace(GO, verdict=Verdict.BLOCKED, results=results)
