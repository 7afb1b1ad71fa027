"""Collectors on a real database: complete, read-only, and with a reason for each failure."""

import contextlib
import importlib
import re
import socket
import threading
from dataclasses import fields, is_dataclass

import pytest
from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.db import Error, connection, connections, transaction
from django.test import override_settings
from nautobot.dcim.models import Manufacturer

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.checks.registry import checks_for_stage
from nautobot_upgrade_jobs.collect import SOFT_TIME_LIMIT, collect_facts
from nautobot_upgrade_jobs.collect.db.read_only_session import read_only_session
from nautobot_upgrade_jobs.facts import Facts, Unavailable
from nautobot_upgrade_jobs.report import FORMATS
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.preflight import run_preflight
from nautobot_upgrade_jobs.workflows.verify import verify_migrations
from tests.support.nautobot import alias_of_role, locked_tables, rows_of_every_table

TARGET = "3.2.7"
ON_3X = settings.VERSION.startswith("3.")


def missing(value, path=""):
    """Return the reasons of all unavailable facts below a value, by path."""
    if isinstance(value, Unavailable):
        return {path: value.reason}
    reasons = {}
    if is_dataclass(value):
        for field in fields(value):
            reasons |= missing(getattr(value, field.name), f"{path}.{field.name}".lstrip("."))
    return reasons


def execute(statement, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def fingerprints():
    with connection.cursor() as cursor:
        return rows_of_every_table(cursor)


def summary(report):
    """Return the parts of a report that are the same in every run."""
    return (
        report.verdict,
        [(result.check, result.status, result.reason) for result in report.results],
        [(one.key, one.finding) for one in report.findings()],
    )


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Do not wait for workers: none uses the broker of the tests."""
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.REPLY_TIMEOUT_SECONDS", 0.05)


@pytest.fixture(scope="module")
def everything():
    """All facts of the sample, collected once."""
    return collect_facts()


@pytest.fixture
def only_collect(everything, monkeypatch):
    """Let Preflight collect one topic only; the facts of all others come from the sample."""

    def only(topic):
        def collect(*, topics, **options):
            facts = collect_facts(**options | {"topics": (topic,)})
            others = {name: getattr(everything, name) for name in topics}
            return Facts(**others | {topic: getattr(facts, topic)})

        monkeypatch.setattr("nautobot_upgrade_jobs.workflows.collection.collect_facts", collect)

    return only


@pytest.fixture
def own_database(clone):
    """A private database for tests that change it."""
    with clone("sample"):
        yield


def test_collect_facts_collects_every_topic():
    """Nautobot 3.x has neither the old approvals nor the old cable columns."""
    gone = set(missing(collect_facts()))
    if ON_3X:
        assert gone <= {
            "jobs.awaiting_approval",
            "jobs.gated_by_approval",
            "data.dangling_cables",
            "data.unsupported_cable_terminations",
            "data.duplicate_cable_terminations",
        }
    else:
        assert gone == set()


def test_collect_facts_describes_this_installation(instance):
    facts = collect_facts()
    assert facts.runtime.nautobot == instance.version
    assert facts.database.vendor == instance.engine
    assert "nautobot" in {package.name for package in facts.packages.installed}
    (app,) = facts.apps.enabled
    assert (app.distribution, app.nautobot_requirements) == ("nautobot-upgrade-jobs", ())
    assert {table.name: table.rows for table in facts.tables.tables}["dcim_device"] > 0
    assert set(facts.migrations.recorded) >= {"dcim.0001_initial_part_1"}
    assert any(job.class_path.endswith("preflight.Preflight") for job in facts.jobs.records)
    assert {folder.setting for folder in facts.storage.folders} >= {"MEDIA_ROOT", "STATIC_ROOT"}


def test_collect_expected_schema_is_computed_again_only_for_other_code_or_migrations(clone):
    def collect():
        return collect_facts(topics=("expected_schema",)).expected_schema

    first = collect()
    assert collect() is first
    with clone("sample"):
        assert collect() is first
        execute("DELETE FROM django_migrations WHERE app = 'users'")
        assert collect() is not first


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO extras_tag SELECT * FROM extras_tag",
        "UPDATE dcim_device SET name = 'x'",
        "DELETE FROM dcim_cable",
        "CREATE TABLE upgrade_jobs_was_here (id int)",
    ],
)
def test_read_only_session_rejects_write_statements(statement):
    before = fingerprints()
    with read_only_session(30), pytest.raises(Error, match=r"(?i)read.only"):
        execute(statement)
    assert fingerprints() == before


@pytest.mark.usefixtures("own_database")
def test_read_only_session_rejects_orm_writes():
    from nautobot.extras.models import Tag

    with read_only_session(30), pytest.raises(Error, match=r"(?i)read.only"):
        Tag.objects.create(name="written")
    Tag.objects.create(name="written")  # outside the session, writing is allowed


def test_read_only_session_server_that_never_answers_is_unavailable(monkeypatch):
    monkeypatch.setattr(
        "nautobot_upgrade_jobs.collect.db.read_only_session.CONNECT_TIMEOUT_SECONDS", 2
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = {"HOST": "127.0.0.1", "PORT": str(silent.getsockname()[1])}
        monkeypatch.setitem(
            connections.settings, "silent", {**connection.settings_dict, **place, "OPTIONS": {}}
        )
        facts = collect_facts(topics=("database",), database_alias="silent")
    assert "no read-only database session" in facts.database.reason


def test_read_only_session_after_reconnect_is_still_read_only():
    with read_only_session(30) as session:
        session.close()
        with pytest.raises(Error, match=r"(?i)read.only"):
            execute("DELETE FROM dcim_cable")


def test_preflight_changes_no_row():
    before = fingerprints()
    report = run_preflight(RunRequest(target=TARGET))
    assert report.results
    assert fingerprints() == before


@pytest.mark.parametrize(
    "run",
    [lambda: run_preflight(RunRequest(target=TARGET)), lambda: verify_migrations(RunRequest())],
)
def test_reports_with_a_select_only_role_are_the_same(run, instance, monkeypatch):
    name = connection.settings_dict["NAME"]
    expected = summary(run())
    with select_only(instance, name):
        monkeypatch.setitem(
            settings.PLUGINS_CONFIG, "nautobot_upgrade_jobs", {"database_alias": "readonly"}
        )
        with read_only_session(5, "readonly") as session, session.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone()[0].startswith("onlooker")
        assert summary(run()) == expected


def select_only(instance, database):
    """Create a role that may only SELECT, as the alias `readonly` of Django."""
    grants = [
        f"GRANT SELECT ON ALL {kind} IN SCHEMA public TO onlooker"
        for kind in ("TABLES", "SEQUENCES")
    ]
    if instance.engine == "mysql":
        grants = [
            f"GRANT SELECT ON `{database}`.* TO onlooker@'%'",
            # They show the grants and the transactions of other users.
            "GRANT SELECT ON mysql.* TO onlooker@'%'",
            "GRANT PROCESS ON *.* TO onlooker@'%'",
        ]
    return alias_of_role(instance, database, "readonly", "onlooker", *grants)


# A table and a column that each topic reads; the tests plant faults in them.
TABLES = {
    "migrations": ("django_migrations", "app"),
    "jobs": ("extras_job", "installed"),
    "workers": ("extras_jobqueue", "queue_type"),
    "data": ("social_auth_usersocialauth", "uid"),
}


@pytest.mark.usefixtures("everything", "own_database")
@pytest.mark.parametrize("topic", TABLES)
@pytest.mark.parametrize("fault", ["table missing", "column missing"])
def test_collect_facts_schema_fault_is_a_reason_and_not_go(topic, fault, instance, only_collect):
    only_collect(topic)
    table, column = TABLES[topic]
    quote = connection.ops.quote_name
    if fault == "table missing":
        execute(f"ALTER TABLE {quote(table)} RENAME TO out_of_sight")
    else:
        drop_checks(instance, table)
        execute(f"ALTER TABLE {quote(table)} RENAME COLUMN {quote(column)} TO out_of_sight")
    assert_skipped(topic, "exist|nknown column")


def drop_checks(instance, table):
    """Drop the checks of a table: MySQL renames no column that a check uses."""
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table)
    for name, one in constraints.items():
        if instance.engine == "mysql" and one["check"]:
            execute(f"ALTER TABLE `{table}` DROP CHECK `{name}`")


def assert_skipped(topic, reason):
    facts = collect_facts(topics=(topic,))
    reasons = missing(getattr(facts, topic), topic)
    assert any(re.search(reason, text) for text in reasons.values()), reasons
    assert_not_green(topic, reason)


def assert_not_green(topic, reason):
    """The verdict is not GO and has a reason, if a check of this upgrade reads the topic."""
    report = run_preflight(RunRequest(target=TARGET))
    kind = Facts.type_of(topic)
    readers = [check for check in checks_for_stage("preflight") if kind in check.reads]
    applicable = [one for one in readers if not one.crosses.startswith("2.")]  # from 1.x only
    if any(not one.crosses or not ON_3X for one in applicable):
        assert report.verdict is not Verdict.GO
        assert any(re.search(reason, result.reason) for result in report.not_checked)


@pytest.mark.parametrize("topic", Facts.topics())
@pytest.mark.parametrize("error", [RuntimeError("collector bug"), TimeoutError("took too long")])
def test_collect_facts_raising_collector_is_a_reason_and_not_go(
    topic, error, monkeypatch, only_collect
):
    only_collect(topic)

    def fail(context):
        raise error

    module = importlib.import_module(f"nautobot_upgrade_jobs.collect.{topic}")
    monkeypatch.setattr(module, "collect", fail)
    facts = collect_facts(topics=(topic,))
    assert getattr(facts, topic).reason == f"{type(error).__name__}: {error}"
    assert_not_green(topic, str(error))


def test_collect_facts_locked_table_times_out(instance):
    """The collector neither waits for long nor blocks the migration."""
    with locked_tables(instance, ["extras_job"]):
        facts = collect_facts(topics=("runtime", "jobs"))
    assert re.search("(?i)lock (wait )?timeout", facts.jobs.reason)
    assert not isinstance(facts.runtime, Unavailable)


def test_read_only_session_waits_less_after_a_lock_timeout(instance):
    """With every table locked, a run does not wait for each of them in turn."""
    query, long, short = {
        "mysql": ("SELECT @@SESSION.lock_wait_timeout", 5, 1),
        "postgresql": ("SHOW lock_timeout", "5s", "50ms"),
    }[instance.engine]
    with locked_tables(instance, ["extras_job"]), read_only_session(30):
        assert list(execute(query)) == [(long,)]
        with pytest.raises(Error, match="syntax"):
            execute("SELECT FROM FROM")
        assert list(execute(query)) == [(long,)]
        with pytest.raises(Error, match="timeout"), transaction.atomic():
            execute("SELECT count(*) FROM extras_job")
        assert list(execute(query)) == [(short,)]
        with transaction.atomic():
            assert list(execute(query)) == [(short,)]
        names = Manufacturer.objects.values_list("name", flat=True)
        assert list(names.iterator(chunk_size=2)) == list(names)  # a named cursor
        with pytest.raises(Error), transaction.atomic():
            with contextlib.suppress(Error):
                execute("SELECT FROM FROM")
            execute("SELECT 1")
            raise Error
        assert list(execute(query)) == [(short,)]


def test_read_only_session_slow_statement_times_out(instance):
    sleep = "SELECT sleep(10)" if instance.engine == "mysql" else "SELECT pg_sleep(10)"
    with read_only_session(1):
        if instance.engine == "mysql":
            assert list(execute(sleep)) == [(1,)]  # how MySQL reports an interrupted sleep
        else:
            with pytest.raises(Error, match="statement timeout"):
                execute(sleep)


def test_collect_facts_terminated_session_loses_one_topic(instance, monkeypatch):
    """The database restarts, or an operator ends the session, during the run."""
    from nautobot_upgrade_jobs.collect import tables

    collect = tables.collect

    def interrupted(context):
        own = "connection_id()" if instance.engine == "mysql" else "pg_backend_pid()"
        with context.connection.cursor() as cursor:
            cursor.execute(f"SELECT {own}")
            (pid,) = cursor.fetchone()
        end = f"KILL {pid}" if instance.engine == "mysql" else f"SELECT pg_terminate_backend({pid})"
        instance.server().sql(end)
        return collect(context)

    monkeypatch.setattr(tables, "collect", interrupted)
    facts = collect_facts()
    assert "OperationalError" in facts.tables.reason
    assert not isinstance(facts.jobs, Unavailable)
    assert run_preflight(RunRequest(target=TARGET)).verdict is not Verdict.GO


def test_preflight_without_database_session_is_incomplete(monkeypatch):
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")
    report = run_preflight(RunRequest(target=TARGET))
    assert report.verdict is Verdict.INCOMPLETE
    assert any("database session" in one.reason for one in report.not_checked)


def test_collect_facts_soft_time_limit_keeps_collected_topics(monkeypatch):
    from celery.exceptions import SoftTimeLimitExceeded

    from nautobot_upgrade_jobs.collect import tables

    def cut(context):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(tables, "collect", cut)
    facts = collect_facts()
    assert facts.tables == facts.data == SOFT_TIME_LIMIT
    assert not isinstance(facts.migrations, Unavailable)
    assert run_preflight(RunRequest(target=TARGET)).verdict is not Verdict.GO


SECRET = "hunter2-planted-secret"


PLANTED = {
    "EMAIL_HOST_PASSWORD": f"mail-{SECRET}",
    "NAPALM_ARGS": {"secret": f"napalm-{SECRET}"},
    "CELERY_BROKER_URL": f"redis://:broker-{SECRET}@127.0.0.1:1/0",
    "SOCIAL_AUTH_OKTA_OPENIDCONNECT_SECRET": f"okta-{SECRET}",
}


def test_reports_contain_no_planted_secret(monkeypatch):
    """Neither the facts nor any format of a report with failed collectors contains one."""
    module = importlib.import_module("nautobot_upgrade_jobs.collect.redis")

    def fail(context):
        raise ConnectionError(
            f"cannot reach redis://:{SECRET}@cache:6379 with mail-{SECRET}, napalm-{SECRET}, "
            f"broker-{SECRET} and okta-{SECRET}"
        )

    monkeypatch.setattr(module, "collect", fail)
    with override_settings(**PLANTED):
        facts = collect_facts()
        report = run_preflight(RunRequest(target=TARGET))
    everything = repr(facts) + "".join(render(report) for render in FORMATS.values())
    assert SECRET not in everything
    assert "cannot reach redis://***@cache:6379 with ***" in facts.redis.reason


def test_preflight_writes_nothing_to_the_cache():
    cache.clear()
    run_preflight(RunRequest(target=TARGET))
    assert list(cache.iter_keys("*upgrade*")) == []  # type: ignore[attr-defined]


def test_collect_facts_works_in_another_thread():
    """Celery's thread pool and the web process do not run in the main thread."""
    results = []
    thread = threading.Thread(target=lambda: results.append(collect_facts(topics=("database",))))
    thread.start()
    thread.join()
    assert results[0].database == collect_facts(topics=("database",)).database


def test_collect_settings_stores_no_constance_default(clone):
    """Constance writes a row when its cache has the value and the table does not."""
    with clone("pristine"):
        cache.clear()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM constance_constance")
        facts = collect_facts(topics=("system_checks", "settings"))
        assert not isinstance(facts.system_checks, Unavailable), facts.system_checks
        assert facts.settings.constance == ()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM constance_constance")
            assert cursor.fetchone() == (0,)


def test_collect_settings_keeps_ui_values_as_name_and_digest():
    from constance import config

    before = collect_facts(topics=("settings",)).settings.constance
    config.CHANGELOG_RETENTION = 91
    after = collect_facts(topics=("settings",)).settings.constance
    assert {one.name for one in after} - {one.name for one in before} == {"CHANGELOG_RETENTION"}
    assert all(one.value is None for one in after if one.type != "bool")


def test_collect_system_checks_lists_the_settings_in_a_message(monkeypatch):
    message = checks.Warning("The setting STATIC_ROOT is old, NO_SUCH_SETTING is new.", id="x.W001")
    monkeypatch.setattr(checks, "run_checks", lambda **_: [message])
    (collected,) = collect_facts(topics=("system_checks",)).system_checks.messages
    assert collected.settings == ("STATIC_ROOT",)
