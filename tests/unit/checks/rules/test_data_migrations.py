"""Rules about the code of migrations: what may stop is a warning, all code is listed."""

import pytest

from nautobot_upgrade_jobs.checks.rules.data_migrations import (
    raised_exceptions,
    unrehearsed_code,
)
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.migration_code import (
    CodeAccess,
    CodeRequirement,
    MigrationCode,
    RequirementKind,
)
from nautobot_upgrade_jobs.facts.preconditions import Preconditions
from nautobot_upgrade_jobs.upgrade.rehearsed import NO_REHEARSAL
from tests.support.builders import facts, rehearsal_evidence, trial_boot

FILL = MigrationCode(
    "example.0002_fill",
    "RunPython",
    CodeAccess.WRITES,
    "example/migrations/0002_fill.py:7",
    ("example.thing",),
    ("name", "size"),
)
REFUSE = MigrationCode(
    "example.0003_refuse",
    "RunPython",
    CodeAccess.READS,
    "example/migrations/0003_refuse.py:5",
    ("example.thing",),
    raises=("ValueError('negative size') if thing.size < 0",),
)
CORE = MigrationCode(
    "extras.0126_approval_workflow_pre_check",
    "RunPython",
    CodeAccess.READS,
    "nautobot/extras/migrations/0126_approval_workflow_pre_check.py:9",
    raises=("ApprovalRequiredScheduledJobsError(text) if jobs.exists()",),
)
STATEMENT = MigrationCode("example.0004_sql", "RunSQL", CodeAccess.WRITES)
INDEX = MigrationCode("example.0006_index", "RunSQL", CodeAccess.SCHEMA)
NEEDS_ROW = MigrationCode(
    "example.0007_default",
    "RunPython",
    CodeAccess.READS,
    requirements=(
        CodeRequirement(RequirementKind.ONE_ROW, "Thing.objects.get(name='default')"),
        CodeRequirement(RequirementKind.ANY_ROW, "Thing.objects.first().name"),
        CodeRequirement(RequirementKind.CONVERTIBLE, "int(thing.text)"),
    ),
)
UNKNOWN = MigrationCode("example.0005_compiled", "RunPython", CodeAccess.UNKNOWN)


def boot_with(*code):
    preconditions = Preconditions(migrations_planned=9, code=code)
    return trial_boot(facts={"preconditions": preconditions})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param((), [], id="no code"),
        pytest.param((FILL, STATEMENT, UNKNOWN), [], id="raises nothing"),
        pytest.param((CORE,), [], id="core: other checks test the condition"),
        pytest.param((REFUSE,), [("warning", "example.0003_refuse 5")], id="App"),
    ],
)
def test_raised_exceptions_warns_of_code_of_apps_that_raises(findings_of, code, expected):
    found = findings_of("data_migrations.raised_exceptions", facts(), trial_boot=boot_with(*code))
    assert found == expected


def test_raised_exceptions_shows_the_condition():
    (found,) = raised_exceptions(boot_with(REFUSE), NO_REHEARSAL)
    assert found.evidence == ("ValueError('negative size') if thing.size < 0",)


@pytest.mark.parametrize(
    ("boot", "expected"),
    [
        pytest.param(boot_with(), [], id="no code"),
        pytest.param(boot_with(FILL, REFUSE), [("info", "code")], id="code"),
        pytest.param(
            trial_boot(facts={"preconditions": Unavailable("denied")}), "skipped", id="unknown"
        ),
        pytest.param(trial_boot(is_upgrade=False), "not_applicable", id="target is installed"),
    ],
)
def test_unrehearsed_code_lists_all_code_once(findings_of, boot, expected):
    assert findings_of("data_migrations.unrehearsed_code", facts(), trial_boot=boot) == expected


def test_unrehearsed_code_says_what_the_source_shows():
    (found,) = unrehearsed_code(
        boot_with(FILL, REFUSE, CORE, STATEMENT, UNKNOWN, INDEX, NEEDS_ROW), NO_REHEARSAL
    )
    assert found.evidence == (
        "example.0002_fill (RunPython, example/migrations/0002_fill.py:7): writes name, size; uses"
        " example.thing",
        "example.0003_refuse (RunPython, example/migrations/0003_refuse.py:5): only reads; uses"
        " example.thing; can stop with 1 exception",
        "extras.0126_approval_workflow_pre_check (RunPython, "
        "nautobot/extras/migrations/0126_approval_workflow_pre_check.py:9): only reads; can stop"
        " with 1 exception",
        "example.0004_sql (RunSQL): writes",
        "example.0005_compiled (RunPython): has no readable source, and may write anything",
        "example.0006_index (RunSQL): changes the schema by SQL. "
        "Preflight compares only declared changes",
        "example.0007_default (RunPython): only reads; stops unless exactly one row matches"
        " Thing.objects.get(name='default'); stops if no row matches Thing.objects.first().name;"
        " stops at a value that cannot be converted by int(thing.text)",
    )


@pytest.mark.parametrize("check_id", ["unrehearsed_code", "raised_exceptions"])
@pytest.mark.parametrize(
    ("evidence", "is_reported"),
    [
        pytest.param(rehearsal_evidence(), False, id="rehearsed"),
        pytest.param(rehearsal_evidence("it is 31 days old"), True, id="stale"),
        pytest.param(NO_REHEARSAL, True, id="not rehearsed"),
    ],
)
def test_code_that_was_rehearsed_is_not_reported(findings_of, check_id, evidence, is_reported):
    found = findings_of(
        f"data_migrations.{check_id}",
        facts(),
        trial_boot=boot_with(REFUSE),
        earlier_rehearsal=evidence,
    )
    assert (found != "not_applicable") is is_reported
