"""Rules about preconditions: only a violated, blocking precondition is a blocker."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.remediation import CommandKind
from nautobot_upgrade_jobs.checks.rules.preconditions import (
    migration_cost,
    schema_conflict,
    schema_dependent,
    violated,
)
from nautobot_upgrade_jobs.facts import Tables, Unavailable
from nautobot_upgrade_jobs.facts.preconditions import (
    COST_TEXTS,
    CostKind,
    Lock,
    OperationCost,
    Precondition,
    PreconditionKind,
    PreconditionResult,
    Preconditions,
)
from nautobot_upgrade_jobs.facts.schema_conflicts import (
    ObjectKind,
    SchemaConflict,
    SchemaObject,
)
from nautobot_upgrade_jobs.facts.schema_dependents import (
    AffectedDependent,
    DependentEffect,
    DependentKind,
    SchemaDependent,
)
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.upgrade.rehearsed import NO_REHEARSAL, describe_precondition
from tests.support.builders import (
    CATALOG,
    database,
    facts,
    mysql,
    rehearsal_evidence,
    runtime,
    trial_boot,
)

UNIQUE = Precondition(
    PreconditionKind.UNIQUE,
    "example.0002_more",
    "AlterField",
    "example_thing",
    ("name",),
    migrations_before=3,
)
DUPLICATES = PreconditionResult(UNIQUE, 2, ("1", "2"))
SATISFIED = PreconditionResult(UNIQUE, 0)
POSSIBLY_FIXED = PreconditionResult(
    replace(UNIQUE, possibly_fixed_by=("example.0001_names",)), 2, ("1", "2")
)
NAMED_CHECK = PreconditionResult(
    replace(UNIQUE, kind=PreconditionKind.CHECK, columns=(), name="positive"), 1
)
DROPPED = PreconditionResult(
    replace(UNIQUE, kind=PreconditionKind.DROPS, operation="RemoveField"), 7
)
TRUNCATED = PreconditionResult(
    replace(UNIQUE, kind=PreconditionKind.TRUNCATES, bound="64"), 2, ("1", "2")
)
UNTESTED = PreconditionResult(UNIQUE, 0, unknown_reason="permission denied")


def boot_with(*results, **changes):
    return trial_boot(facts={"preconditions": Preconditions(results, len(results), 9)}, **changes)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(boot_with(), [], id="no preconditions"),
        pytest.param(boot_with(SATISFIED), [], id="satisfied"),
        pytest.param(boot_with(DUPLICATES), [("blocker", "example_thing.name")], id="violated"),
        pytest.param(
            boot_with(POSSIBLY_FIXED), [("warning", "example_thing.name")], id="possibly fixed"
        ),
        pytest.param(
            boot_with(NAMED_CHECK), [("blocker", "example_thing.positive")], id="named constraint"
        ),
        pytest.param(boot_with(DROPPED), [], id="dropped values"),
        pytest.param(boot_with(TRUNCATED), [], id="truncated values"),
        pytest.param(boot_with(UNTESTED), [], id="untested"),
        pytest.param(
            boot_with(DUPLICATES, is_upgrade=False),
            "not_applicable",
            id="target is installed",
        ),
    ],
)
def test_violated_preconditions_block_unless_possibly_fixed(findings_of, state, expected):
    assert findings_of("preconditions.violated", facts(), trial_boot=state) == expected


@pytest.mark.parametrize(
    ("preconditions", "expected"),
    [
        (Preconditions((DUPLICATES,), 1, 9), [("blocker", "example_thing.name")]),
        (Preconditions((POSSIBLY_FIXED,), 1, 9), [("warning", "example_thing.name")]),
        (Preconditions((), 1, 9), []),
        (Preconditions(), "not_applicable"),
        (Unavailable("denied"), "skipped"),
    ],
)
def test_unapplied_migrations_that_rows_stop_block(findings_of, preconditions, expected):
    state = facts(preconditions=preconditions)
    assert findings_of("preconditions.unapplied", state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(boot_with(TRUNCATED), [("warning", "example_thing.name")], id="truncated"),
        pytest.param(boot_with(DUPLICATES), [], id="another kind"),
        pytest.param(boot_with(replace(TRUNCATED, affected_rows=0)), [], id="no affected rows"),
    ],
)
def test_truncated_values_with_longer_texts_warn(findings_of, state, expected):
    assert findings_of("preconditions.truncated_values", facts(), trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(boot_with(DUPLICATES, TRUNCATED), [], id="other kinds"),
        pytest.param(boot_with(DROPPED), [("info", "columns")], id="dropped"),
        pytest.param(boot_with(replace(DROPPED, affected_rows=0)), [], id="no values"),
    ],
)
def test_dropped_values_in_columns_inform(findings_of, state, expected):
    assert findings_of("preconditions.dropped_values", facts(), trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(boot_with(), [("info", "migrations")], id="pending migrations"),
        pytest.param(
            trial_boot(facts={"preconditions": Preconditions()}), [], id="no pending migrations"
        ),
        pytest.param(boot_with(is_upgrade=False), "not_applicable", id="target is installed"),
    ],
)
def test_migration_cost_of_pending_migrations_informs(findings_of, state, expected):
    assert findings_of("preconditions.migration_cost", facts(), trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(boot_with(DUPLICATES, DROPPED), [], id="all tested"),
        pytest.param(boot_with(DUPLICATES, UNTESTED), "skipped", id="one untested"),
        pytest.param(
            boot_with(replace(DROPPED, affected_rows=0, unknown_reason="no such table")),
            [],
            id="uncounted dropped values",
        ),
    ],
)
def test_untested_preconditions_skip_the_check(findings_of, state, expected):
    assert findings_of("preconditions.untested", facts(), trial_boot=state) == expected


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({}, "2 values of name occur more than once", id="unique"),
        pytest.param(
            {"kind": PreconditionKind.NOT_NULL},
            "2 rows of example_thing have no value in name",
            id="not null",
        ),
        pytest.param(
            {"kind": PreconditionKind.NUMERIC_RANGE, "bound": "x < 9"},
            "2 rows of example_thing have a number in",
            id="numeric range",
        ),
        pytest.param(
            {"kind": PreconditionKind.MAX_LENGTH, "bound": "64"},
            "2 rows of example_thing have more than 64 characters",
            id="maximum length",
        ),
        pytest.param(
            {"kind": PreconditionKind.FOREIGN_KEY, "bound": "other.id"},
            "refers to no row of other",
            id="foreign key",
        ),
        pytest.param(
            {"kind": PreconditionKind.CHECK, "bound": "a > 0"},
            "violate the condition a > 0",
            id="check",
        ),
        pytest.param(
            {"columns": (), "name": "code"},
            "the new field 'code' has one value for all of them",
            id="new unique field",
        ),
        pytest.param(
            {"columns": (), "kind": PreconditionKind.NOT_NULL, "name": "code"},
            "the new field 'code' has no value for them",
            id="new not null field",
        ),
        pytest.param(
            {
                "columns": (),
                "kind": PreconditionKind.FOREIGN_KEY,
                "name": "owner",
                "bound": "example_other.id",
                "expressions": ("7",),
            },
            "the new field 'owner' has a default that refers to no row of example_other",
            id="default of a new foreign key",
        ),
        pytest.param(
            {"kind": PreconditionKind.INDEX_SIZE, "bound": "2696"},
            "2 rows of example_thing have a value in name of more than 2696 bytes",
            id="index size",
        ),
        pytest.param(
            {"columns": (), "kind": PreconditionKind.EXTENSION, "name": "pg_trgm", "table": ""},
            "The database does not have the extension pg_trgm",
            id="extension",
        ),
    ],
)
def test_violated_message_names_the_rows_and_the_operation(changes, text):
    result = PreconditionResult(replace(UNIQUE, **changes), 2)
    (finding,) = violated(boot_with(result), database(), NO_REHEARSAL)
    assert text in finding.message
    assert "example.0002_more (AlterField) will fail after 3 of 9 migrations" in finding.message


@pytest.mark.parametrize(
    ("server", "stays"),
    [pytest.param(database(), False, id="postgresql"), pytest.param(mysql(), True, id="mysql")],
)
def test_violated_on_mysql_mentions_partial_changes(server, stays):
    (finding,) = violated(boot_with(DUPLICATES), server, NO_REHEARSAL)
    assert ("MySQL" in finding.message) == stays


def boot_with_costs(*costs):
    return trial_boot(
        facts={"preconditions": Preconditions(migrations_planned=60, operation_costs=costs)}
    )


TABLES = Tables((Table("dcim_device", 2_000_000, False, 800 * 1024 * 1024),), ())


def test_migration_cost_states_time_and_disk_space():
    cost = OperationCost(
        CostKind.INDEX_BUILD, "example.0002_more", "AddIndex", "dcim_device", Lock.WRITES
    )
    (finding,) = migration_cost(boot_with_costs(cost), TABLES, CATALOG, runtime(), NO_REHEARSAL)
    assert "60 migrations will take an estimated 44 seconds to 6 minutes" in finding.message
    assert "up to 400 MiB" in finding.message
    assert finding.evidence == (
        "dcim_device (about 2000000 rows): example.0002_more builds an index while writes wait",
    )


@pytest.mark.parametrize("lock", Lock)
@pytest.mark.parametrize("kind", CostKind)
def test_migration_cost_evidence_states_the_lock(kind, lock):
    cost = OperationCost(kind, "example.0002_more", "AlterField", "dcim_device", lock)
    (finding,) = migration_cost(boot_with_costs(cost), TABLES, CATALOG, runtime(), NO_REHEARSAL)
    (line,) = finding.evidence
    assert line.endswith(COST_TEXTS[kind][lock])


def test_migration_cost_with_two_locks_lists_both():
    costs = [
        OperationCost(CostKind.INDEX_BUILD, f"example.000{number}", "AddIndex", "dcim_device", lock)
        for number, lock in enumerate((Lock.WRITES, Lock.READS_AND_WRITES, Lock.WRITES))
    ]
    (finding,) = migration_cost(boot_with_costs(*costs), TABLES, CATALOG, runtime(), NO_REHEARSAL)
    assert finding.evidence == (
        "dcim_device (about 2000000 rows): example.0000 builds an index while writes wait"
        " (the first of 2 such operations)",
        "dcim_device (about 2000000 rows): example.0001 builds an index while reads and writes"
        " wait",
    )


def test_violated_two_kinds_in_one_column_have_two_keys(findings_of):
    empty = PreconditionResult(replace(UNIQUE, kind=PreconditionKind.NOT_NULL), 1)
    found = findings_of("preconditions.violated", facts(), trial_boot=boot_with(DUPLICATES, empty))
    assert found == [
        ("blocker", "example_thing.name"),
        ("blocker", "example_thing.name (not null)"),
    ]


COLUMN = SchemaObject(ObjectKind.COLUMN, "ipam_namespace", "tenant_id")
INDEX = SchemaObject(ObjectKind.INDEX, "ipam_prefix", "by_name")
COLUMN_EXISTS = SchemaConflict(COLUMN, "ipam.0054", "AddField", 46, COLUMN)
INDEX_MISSING = SchemaConflict(INDEX, "ipam.0055", "RemoveIndex", 1)


def boot_on(conflicts):
    preconditions = Preconditions(migrations_planned=59, schema_conflicts=conflicts)
    return trial_boot(facts={"preconditions": preconditions})


@pytest.mark.parametrize(
    ("conflicts", "expected"),
    [
        pytest.param((), [], id="none"),
        pytest.param(
            (COLUMN_EXISTS, INDEX_MISSING),
            [("blocker", "ipam_namespace.tenant_id"), ("blocker", "ipam_prefix.by_name")],
            id="two",
        ),
        pytest.param(Unavailable("permission denied"), "skipped", id="unknown"),
    ],
)
def test_schema_conflict_blocks_for_each_refused_operation(findings_of, conflicts, expected):
    found = findings_of("preconditions.schema_conflict", facts(), trial_boot=boot_on(conflicts))
    assert found == expected


def test_schema_conflict_says_how_far_migrate_gets():
    (found,) = schema_conflict(boot_on((COLUMN_EXISTS,)), database())
    assert found.message == (
        "Migration ipam.0054 (AddField) will fail after 46 of 59 migrations are committed, because"
        " the column tenant_id of ipam_namespace already exists."
    )


def test_schema_conflict_renames_what_exists_and_nothing_that_is_missing():
    exists, missing = schema_conflict(boot_on((COLUMN_EXISTS, INDEX_MISSING)), database())
    assert [command.kind for command in exists.commands] == [CommandKind.SQL]
    assert missing.commands == ()


VIEW = SchemaDependent(DependentKind.VIEW, "public.names", "dcim_device", "name")
TRIGGER = SchemaDependent(
    DependentKind.TRIGGER, "audit on public.dcim_device", "dcim_device", "name", is_tracked=False
)


def affects(dependent, effect, migration="dcim.0070", operation="AlterField", before=12):
    return AffectedDependent(dependent, effect, migration, operation, before)


STOPPED_BY_VIEW = affects(VIEW, DependentEffect.STOPS)
DROPPED_VIEW = affects(VIEW, DependentEffect.DROPPED, "dcim.0066", "RemoveField", 8)
BROKEN_VIEW = affects(VIEW, DependentEffect.BREAKS, "dcim.0066", "RemoveField", 8)
BROKEN_TRIGGER = affects(TRIGGER, DependentEffect.BREAKS, "dcim.0066", "RemoveField", 8)
RUNNING_TRIGGER = affects(TRIGGER, DependentEffect.RUNS, "extras.0130", "RunPython", 8)
VIEW_NAME, TRIGGER_NAME = "view public.names", "trigger audit on public.dcim_device"


def boot_with_dependents(affected):
    preconditions = Preconditions(migrations_planned=59, affected_dependents=affected)
    return trial_boot(facts={"preconditions": preconditions})


@pytest.mark.parametrize(
    ("affected", "expected"),
    [
        pytest.param((), [], id="none"),
        pytest.param((STOPPED_BY_VIEW,), [("blocker", VIEW_NAME)], id="stops"),
        pytest.param((DROPPED_VIEW,), [("warning", VIEW_NAME)], id="dropped"),
        pytest.param((BROKEN_VIEW,), [("warning", VIEW_NAME)], id="broken view"),
        pytest.param((BROKEN_TRIGGER,), [("blocker", TRIGGER_NAME)], id="broken trigger"),
        pytest.param(
            (DROPPED_VIEW, STOPPED_BY_VIEW, BROKEN_TRIGGER),
            [("blocker", VIEW_NAME), ("blocker", TRIGGER_NAME)],
            id="the worst effect on each object",
        ),
        pytest.param((RUNNING_TRIGGER,), [("warning", TRIGGER_NAME)], id="running trigger"),
        pytest.param(Unavailable("permission denied"), "skipped", id="unknown"),
    ],
)
def test_schema_dependent_blocks_if_it_stops_migrate_or_writes(findings_of, affected, expected):
    boot = boot_with_dependents(affected)
    assert findings_of("preconditions.schema_dependent", facts(), trial_boot=boot) == expected


def test_schema_dependent_lists_the_other_operations_as_evidence():
    boot = boot_with_dependents((DROPPED_VIEW, STOPPED_BY_VIEW))
    (found,) = schema_dependent(boot, database())
    assert found.message == (
        "Migration dcim.0070 (AlterField) will fail after 12 of 59 migrations are committed, "
        "because the view public.names uses the column dcim_device.name."
    )
    assert found.evidence == ("dcim.0066 (RemoveField): column dcim_device.name",)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (runtime(cores=2, load=12.34), ("The host has 2 cores and a load of 12.3.",)),
        (runtime(), ()),
        (Unavailable("timeout"), ()),
    ],
)
def test_migration_cost_mentions_the_load_of_the_host(host, expected):
    (finding,) = migration_cost(boot_with_costs(), TABLES, CATALOG, host, NO_REHEARSAL)
    assert finding.evidence == expected


def test_migration_cost_of_a_rehearsed_upgrade_is_measured():
    evidence = rehearsal_evidence()
    (finding,) = migration_cost(boot_with_costs(), TABLES, CATALOG, runtime(), evidence)
    assert "60 migrations will take an estimated 7 seconds to 15 seconds" in finding.message
    assert finding.evidence == (
        "Measured: 10 s on the copy, of which 3 s are CPU time of the migrations.",
    )
    assert "rehearse" not in finding.remediation


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(NO_REHEARSAL, [("warning", "example_thing.name")], id="not rehearsed"),
        pytest.param(
            rehearsal_evidence("it is 31 days old"),
            [("warning", "example_thing.name")],
            id="stale",
        ),
        pytest.param(
            rehearsal_evidence(violations={describe_precondition(POSSIBLY_FIXED.precondition): 2}),
            [],
            id="an earlier migration fixes them on the copy",
        ),
        pytest.param(
            rehearsal_evidence(),
            [("warning", "example_thing.name")],
            id="the copy did not have these rows",
        ),
    ],
)
def test_violated_possibly_fixed_is_settled_by_a_rehearsal(findings_of, evidence, expected):
    state = boot_with(POSSIBLY_FIXED)
    found = findings_of(
        "preconditions.violated", facts(), trial_boot=state, earlier_rehearsal=evidence
    )
    assert found == expected


def test_violated_certain_is_not_settled_by_a_rehearsal(findings_of):
    found = findings_of(
        "preconditions.violated",
        facts(),
        trial_boot=boot_with(DUPLICATES),
        earlier_rehearsal=rehearsal_evidence(),
    )
    assert found == [("blocker", "example_thing.name")]
