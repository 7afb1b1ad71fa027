"""The facts of a healthy installation; tests change some of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.catalog.target_release import Target, choose_target
from nautobot_upgrade_jobs.deployment.known import KnownDeployment, resolve_deployment
from nautobot_upgrade_jobs.facts import (
    Apps,
    Automation,
    Customizations,
    Data,
    Database,
    Deployment,
    ExpectedSchema,
    Extensions,
    Facts,
    FilterResults,
    Jobs,
    LegacyData,
    Listing,
    Manifests,
    Migrations,
    Packages,
    PlannedReversal,
    PostconditionCounts,
    PostUpgrade,
    Preconditions,
    Redis,
    Runtime,
    Schema,
    Settings,
    Storage,
    SystemChecks,
    Tables,
    UiRegistry,
    Web,
    Workers,
)
from nautobot_upgrade_jobs.facts.apps import App
from nautobot_upgrade_jobs.facts.data import AffectedRows, RenamedIndex
from nautobot_upgrade_jobs.facts.database import IdSequence
from nautobot_upgrade_jobs.facts.deployment import ReleaseFolder, Role, ServiceUnit
from nautobot_upgrade_jobs.facts.expected_schema import (
    ExpectedColumn,
    ExpectedConstraint,
    ExpectedTable,
)
from nautobot_upgrade_jobs.facts.jobs import JobRecord, ScheduledJob
from nautobot_upgrade_jobs.facts.migrations import (
    Migration,
    Operation,
    SchemaChange,
    SchemaChangeKind,
)
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.post_upgrade import StaticFiles
from nautobot_upgrade_jobs.facts.rehearsal import (
    CodeFailure,
    Comparison,
    Copy,
    MigrateRun,
    MigrationRun,
    PageFailure,
    Pages,
    Rehearsal,
    RehearsalRecord,
    Restore,
    Reverse,
    Stage,
    StepRun,
)
from nautobot_upgrade_jobs.facts.resolution import AppReleases, Resolution, ResolvedPackage
from nautobot_upgrade_jobs.facts.settings import Setting
from nautobot_upgrade_jobs.facts.startup import Failure, Frame
from nautobot_upgrade_jobs.facts.storage import Folder
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.facts.trial_boot import Isolation, TrialBoot
from nautobot_upgrade_jobs.facts.workers import Beat, Queue, Worker, WorkerIdentity
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, UpgradeState
from nautobot_upgrade_jobs.rollback.options import RollbackDecision, RollbackOption
from nautobot_upgrade_jobs.upgrade.rehearsed import RehearsalEvidence

CATALOG = load_catalog()
NO_FILTERS = FilterResults(Listing({}), Listing({}), Listing({}))


def target(version: str = "3.2.7", installed: str = "2.4.44") -> Target:
    return choose_target(CATALOG, installed, version)


def runtime(**changes: Any) -> Runtime:
    base = Runtime("2.4.44", "3.11.7", "Debian GNU/Linux 12", "/opt/nautobot")
    return replace(base, **{"today": CATALOG.date.isoformat(), **changes})


def unit(name: str, role: Role, **changes: Any) -> ServiceUnit:
    base = ServiceUnit(
        f"{name}.service",
        f"/etc/systemd/system/{name}.service",
        role,
        "nautobot",
        "/opt/nautobot/bin/nautobot-server",
    )
    return replace(base, **changes)


UNITS = (
    unit("nautobot", "web"),
    unit("nautobot-worker", "worker"),
    unit("nautobot-scheduler", "beat"),
)


def deployment(**changes: Any) -> Deployment:
    base = Deployment(
        "nautobot-1", has_own_environment=True, root="/opt/nautobot", systemd=True, units=UNITS
    )
    return replace(base, **changes)


IN_CONTAINER = {"has_own_environment": False, "container": True, "systemd": False, "units": ()}
DEPLOYMENTS = {
    "virtualenv": deployment(),
    "git checkout": deployment(checkout="/opt/nautobot"),
    "release link": deployment(
        release=ReleaseFolder(
            "/opt/my nautobot",
            "/opt/my nautobot-2.4.44",
            "venv",
            ("media", "nautobot_config.py", "uwsgi.ini"),
        )
    ),
    "unknown": deployment(other_link="/opt"),
    "compose": deployment(host="0123456789ab", stated={"layout": ("compose",)}, **IN_CONTAINER),
    "kubernetes": deployment(
        host="nautobot-default-6d4cf56db6-x2k9p",
        pod="nautobot-default-6d4cf56db6-x2k9p",
        namespace="netops",
        **IN_CONTAINER,
    ),
    "container": deployment(host="0123456789ab", **IN_CONTAINER),
}
"""A deployment of each layout."""


def known(layout: str = "virtualenv", server: Database | None = None) -> KnownDeployment:
    return resolve_deployment(DEPLOYMENTS[layout], server or database())


def runtime_of(layout: str) -> Runtime:
    return runtime(prefix="/opt/my nautobot/venv") if layout == "release link" else runtime()


def database(**changes: Any) -> Database:
    base = Database(
        vendor="postgresql",
        version="16.4",
        name="nautobot",
        role="nautobot",
        size_bytes=30_000_000,
        encoding="UTF8",
        collation="C.UTF-8",
        collations_in_use={},
        can_create_tables=True,
        schema="public",
        creation_schema="public",
        tables_not_owned=(),
        sequences=(IdSequence("django_migrations", "id", "django_migrations_id_seq", 421, 421),),
        transactions=(),
    )
    return replace(base, **changes)


def mysql(**changes: Any) -> Database:
    base = database(
        vendor="mysql",
        version="8.0.36",
        encoding="utf8mb4",
        collation="utf8mb4_0900_ai_ci",
        collations_in_use={"utf8mb4_0900_ai_ci": 230},
        sequences=(),
    )
    return replace(base, **changes)


def redis(**changes: Any) -> Redis:
    return replace(Redis("Redis", "7.4.1", "7.4.1"), **changes)


def app(**changes: Any) -> App:
    base = App(
        module="nautobot_example",
        label="nautobot_example",
        distribution="nautobot-example",
        version="2.0.0",
        nautobot_requirements=(">=2.4,<4",),
        requires_python=">=3.10",
        min_version="",
        max_version="",
        conflicts=(),
        settings=(),
    )
    return replace(base, **changes)


def apps(*enabled: App, configured: Mapping[str, tuple[str, ...]] | None = None) -> Apps:
    return Apps(enabled, dict(configured or {}))


def setting(name: str, keys: tuple[str, ...] = ()) -> Setting:
    return Setting(name, "str", None, "0123456789abcdef", keys)


def settings(**changes: Any) -> Settings:
    return replace(Settings((), (), (), ("default", "nautobotjobfiles", "staticfiles")), **changes)


def migration(key: str, *dependencies: str, replaces: tuple[str, ...] = ()) -> Migration:
    return Migration(key, dependencies, replaces)


def altering(key: str, *changes: SchemaChange) -> Migration:
    """A migration with one operation that makes these changes."""
    return Migration(key, (), (), (Operation("Any", changes),))


def added(table: str, column: str = "") -> SchemaChange:
    return SchemaChange(SchemaChangeKind.ADDED, table, column)


def removed(table: str, column: str = "") -> SchemaChange:
    return SchemaChange(SchemaChangeKind.REMOVED, table, column)


def altered(table: str, column: str = "") -> SchemaChange:
    return SchemaChange(SchemaChangeKind.ALTERED, table, column)


def renamed(table: str, column: str = "", *, to: str) -> SchemaChange:
    return SchemaChange(SchemaChangeKind.RENAMED, table, column, to)


def migrations(
    on_disk: tuple[Migration, ...] = (),
    recorded: tuple[str, ...] = (),
    app_labels: tuple[str, ...] = ("dcim", "extras", "example"),
    **changes: Any,
) -> Migrations:
    return Migrations(on_disk, recorded, app_labels, **changes)


def trial_boot(**changes: Any) -> TrialBoot:
    """A target that starts, with the migrations that are here."""
    state = {
        "apps": apps(),
        "migrations": migrations(),
        "system_checks": SystemChecks(()),
        "customizations": Customizations(),
        "filter_results": NO_FILTERS,
        "preconditions": Preconditions(),
        "planned_reversal": PlannedReversal(),
    } | changes.pop("facts", {})
    boot = {"target": "3.2.7", "facts": Facts(**state), "current_filter_results": NO_FILTERS}
    return TrialBoot(**boot | changes)


def resolution(**changes: Any) -> Resolution:
    """A set in which everything stays."""
    stays = AppReleases("nautobot-example", "2.0.0", "2.0.0", "2.0.0", "2.0.0")
    packages = (
        ResolvedPackage("nautobot", "3.2.7", ()),
        ResolvedPackage("nautobot-example", "2.0.0", ()),
    )
    return replace(Resolution("3.2.7", packages, (stays,)), **changes)


def scheduled(**changes: Any) -> ScheduledJob:
    return replace(ScheduledJob("Nightly", "pkg.Job", "daily", True, True, True, True), **changes)


def jobs(**changes: Any) -> Jobs:
    base = Jobs((JobRecord("pkg.Job", "Job", True, True),), (scheduled(),), (), 0, (), ())
    return replace(base, **changes)


def identity(**changes: Any) -> WorkerIdentity:
    base = WorkerIdentity(
        host="host",
        started_at="2026-11-02T10:00:00+00:00",
        loaded_digest="0123456789abcdef",
        versions={"nautobot": "3.2.7"},
        on_disk_digest="0123456789abcdef",
        installed_at="2026-11-02T09:00:00+00:00",
    )
    return replace(base, **changes)


def worker(**changes: Any) -> Worker:
    return replace(Worker("celery@host", ("default",), identity()), **changes)


def workers(*running: Worker, **changes: Any) -> Workers:
    base = Workers(running or (worker(),), (Queue("default", 0),), "default", identity())
    return replace(base, **{"beat": Beat(2, {}), **changes})


def post_upgrade(**changes: Any) -> PostUpgrade:
    nothing = PostUpgrade(
        (), 0, {}, StaticFiles("/opt/nautobot/static", 9, (), ()), (), (), {}, (), ()
    )
    return replace(nothing, **changes)


def extensions(**changes: Any) -> Extensions:
    return replace(Extensions((), (), (), {}), **changes)


def automation() -> Automation:
    empty = Listing({})
    return Automation(empty, empty, empty, empty, empty, empty)


def interface(panels: tuple[str, ...] = (), pages: tuple[str, ...] = ()) -> UiRegistry:
    shown, addresses = dict.fromkeys(panels, "weight 1"), dict.fromkeys(pages, "a/")
    return UiRegistry(Listing(shown), Listing({}), Listing(addresses))


def folder(**changes: Any) -> Folder:
    base = Folder("MEDIA_ROOT", "/opt/nautobot/media", True, True, 50_000_000_000, 1_000, True)
    return replace(base, **changes)


def renamed_index(*indexes: str) -> RenamedIndex:
    columns = ("network", "broadcast", "prefix_length")
    return RenamedIndex("ipam.0055", "ipam_prefix", columns, indexes)


def data(**changes: Any) -> Data:
    base = Data(
        AffectedRows(0),
        AffectedRows(0),
        AffectedRows(0),
        (renamed_index("ipam_prefix_idx"),),
        AffectedRows(0),
        AffectedRows(0),
        (),
        {},
    )
    return replace(base, **changes)


UNIQUE = "CREATE UNIQUE INDEX {0} ON dcim_device USING btree ({1})"
PLAIN = "CREATE INDEX {0} ON dcim_device USING btree ({1})"


def model_table(**changes: Any) -> ExpectedTable:
    """A table as the migrations leave it: an id, a name, a rack and a height."""
    keys = (
        ExpectedConstraint("primary", ("id",), "device_pk", False, sql="ALTER … PRIMARY KEY (id);"),
        ExpectedConstraint(
            "unique", ("name",), "device_name_uniq", False, sql="ALTER … UNIQUE (name);"
        ),
        ExpectedConstraint(
            "index", ("rack_id",), "device_rack", False, sql="CREATE INDEX … (rack_id);"
        ),
        ExpectedConstraint(
            "foreign", ("rack_id",), "device_fk", False, "dcim_rack", "ALTER … FOREIGN …;"
        ),
        ExpectedConstraint(
            "check", ("height",), "device_height_check", False, sql="ALTER … CHECK …;"
        ),
        ExpectedConstraint(
            "unique", ("rack_id",), "one_in_rack", True, sql="CREATE UNIQUE INDEX …;"
        ),
    )
    columns = (
        ExpectedColumn("id", "uuid", False),
        ExpectedColumn("name", "character varying(255)", False),
        ExpectedColumn("rack_id", "uuid", True),
        ExpectedColumn("height", "integer", False),
    )
    return replace(ExpectedTable("dcim", columns, keys, "CREATE TABLE dcim_device (…);"), **changes)


def models(**changes: Any) -> ExpectedSchema:
    return replace(ExpectedSchema({}, {"dcim_device": model_table()}), **changes)


def schema(**changes: Any) -> Schema:
    """The actual schema of the same table; further entries by part, None removes one."""
    columns = {
        "dcim_device.id": "uuid not null",
        "dcim_device.name": "character varying(255) not null",
        "dcim_device.rack_id": "uuid",
        "dcim_device.height": "integer not null",
    }
    indexes = {
        "dcim_device.dcim_device_pkey": UNIQUE.format("dcim_device_pkey", "id"),
        "dcim_device.name_key": UNIQUE.format("name_key", "name"),
        "dcim_device.rack_1a2b": PLAIN.format("rack_1a2b", "rack_id"),
        "dcim_device.one_in_rack": f"{UNIQUE.format('one_in_rack', 'rack_id')} WHERE (height = 1)",
    }
    constraints = {
        "dcim_device.dcim_device_pkey": "PRIMARY KEY (id)",
        "dcim_device.name_key": "UNIQUE (name)",
        "dcim_device.rack_fk": "FOREIGN KEY (rack_id) REFERENCES dcim_rack(id) DEFERRABLE",
        "dcim_device.height_check": "CHECK ((height >= 0))",
    }
    parts = {"columns": columns, "indexes": indexes, "constraints": constraints}
    validity = {
        name: changes.pop(name)
        for name in ("invalid_indexes", "unvalidated_constraints", "required_columns", "views")
        if name in changes
    }
    for part, items in changes.items():
        parts[part].update(items)
    return Schema(
        **{
            part: Listing({name: text for name, text in items.items() if text is not None})
            for part, items in parts.items()
        },
        **validity,
    )


def facts(**changes: Any) -> Facts:
    """All facts of an installation on which every check passes."""
    healthy = Facts(
        runtime=runtime(),
        deployment=deployment(),
        manifests=Manifests(),
        web=Web(),
        database=database(),
        redis=redis(),
        packages=Packages((Package("nautobot", "2.4.44", (), ">=3.10,<3.13"),)),
        apps=apps(app()),
        settings=settings(),
        migrations=migrations((migration("dcim.0001_initial"),), ("dcim.0001_initial",)),
        tables=Tables((Table("dcim_device", 30, True),), ("dcim_device",)),
        jobs=jobs(),
        workers=workers(),
        storage=Storage((folder(),), "nautobot"),
        system_checks=SystemChecks(()),
        data=data(),
        legacy_data=LegacyData(),
        schema=schema(),
        expected_schema=models(),
        postconditions=PostconditionCounts({each.id: 0 for each in CATALOG.postconditions}),
        post_upgrade=post_upgrade(),
        preconditions=Preconditions(),
        extensions=extensions(),
        automation=automation(),
        ui_registry=interface(),
    )
    return replace(healthy, **changes)


def empty_facts() -> Facts:
    """An installation whose tables hold no row at all."""
    return facts(
        database=database(sequences=()),
        apps=apps(),
        migrations=migrations(app_labels=()),
        tables=Tables((), ()),
        jobs=Jobs((), (), (), 0, (), ()),
        workers=Workers((), ()),
        storage=Storage((), "nautobot"),
        settings=Settings((), (), (), ()),
        data=data(renamed_indexes=()),
        schema=Schema(Listing({}), Listing({}), Listing({})),
        expected_schema=ExpectedSchema({}, {}),
    )


def choice(
    chosen: RollbackOption | None = None, advised: RollbackOption | None = None, **changes: Any
) -> RollbackDecision:
    """Return a decision for a feasible rollback option without losses."""
    chosen = chosen or RollbackOption("reverse_migrations")
    ways = (
        RollbackOption("reinstall", "no"),
        RollbackOption("roll_forward", "no"),
        RollbackOption("reverse_migrations"),
        RollbackOption("restore_backup"),
    )
    diagnosis = Diagnosis(UpgradeState.COMPLETE, 58, ())
    return replace(
        RollbackDecision(diagnosis, ways, advised or chosen, chosen, has_snapshot=True), **changes
    )


def migration_run(migration: str = "dcim.0090_remove", **changes: Any) -> MigrationRun:
    """Return a migration that took two seconds on the copy."""
    run = MigrationRun(migration, 2.0, 1.5, 10, 1 << 20, 4096, 450, ("dcim_cable",))
    return replace(run, **changes)


def migrate_run(*migrations: MigrationRun, **changes: Any) -> MigrateRun:
    """Return a process that applied migrations in ten seconds, without a failure."""
    run = MigrateRun(migrations, (StepRun("trace_paths", 0.5),), 10.0)
    return replace(run, **changes)


def code_failure(stage: str = "migrate", **changes: Any) -> CodeFailure:
    """Return the error of a duplicate value."""
    failure = Failure(
        stage,
        "IntegrityError",
        "could not create unique index",
        (Frame("django/db/backends/utils.py", 103, "_execute"),),
    )
    known = CodeFailure(stage, failure, sqlstate="23505", table="dcim_device", constraint="unique")
    return replace(known, **changes)


def page_failure(
    name: str, error: str = "TemplateSyntaxError", message: str = "no such tag", app: str = ""
) -> PageFailure:
    """Return a page whose template is wrong."""
    frames = (
        Frame("example/views.py", 12, "get", "example"),
        Frame("django/template/base.py", 5, "render", "django"),
    )
    return PageFailure(name, Failure(name, error, message, frames, app=app))


def pages(*failures: PageFailure, left_out: int = 0) -> Pages:
    """Return the pages of a copy, of which some fail."""
    return Pages(371, left_out, 35.0, failures)


def rehearsal_record(**changes: Any) -> RehearsalRecord:
    """Return the record of a new rehearsal in which everything succeeded."""
    record = RehearsalRecord(
        instance="nautobot.example.com",
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        problems=(),
        packages={"nautobot": "3.2.7"},
        recorded=("dcim.0001_initial",),
        row_counts={"dcim_interface": 100_000, "extras_tag": 10, "example_log": 0},
        violations={},
        rehearsal=rehearsal(),
    )
    return replace(record, **changes)


def rehearsal_evidence(*changes: str, hours: int = 4, **of_record: Any) -> RehearsalEvidence:
    """Return a rehearsal that is a few hours old, with what has changed since."""
    created = "2026-11-26T02:10:00+00:00"
    record = rehearsal_record(**{"created": created, **of_record})
    return RehearsalEvidence(record, timedelta(hours=hours), changes)


def rehearsal(**changes: Any) -> Rehearsal:
    """Return a rehearsal in which everything succeeded."""
    done = migrate_run(migration_run("extras.0130_counts"), migration_run())
    healthy = Rehearsal(
        run="0123456789abcdef",
        target="3.2.7",
        stages=tuple(
            Stage(name, seconds)
            for name, seconds in (
                ("target", 4.0),
                ("copy", 2.0),
                ("upgrade", 10.0),
                ("verification", 3.0),
            )
        ),
        planned=("extras.0130_counts", "dcim.0090_remove"),
        copy=Copy("15.4", 198, 17362, 18 << 20, 2.0),
        isolation=Isolation(has_relay=True, hides_files=True, hides_network=True),
        forward=done,
        restore=Restore(2.0, 3 << 20, 4.0, ()),
        reverse=Reverse(("dcim 0089",), migrate_run(migration_run()), starts=True),
        comparison=Comparison(57, unexplained=0, overwritten=0, losses=0, not_comparable=0),
        pages=pages(),
        predicted_seconds=(3.0, 9.0),
        cores=2,
        load=0.5,
    )
    return replace(healthy, **changes)
