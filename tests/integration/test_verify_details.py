"""Faults outside the rows: files of migrations and Jobs, services, panels, expectations."""

import importlib
import os
import re
import shutil
import time
from datetime import datetime, timedelta, timezone
from importlib.metadata import distribution
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings
from nautobot.apps.ui import NavMenuGroup, NavMenuItem, NavMenuTab, TemplateExtension
from nautobot.core.apps import register_menu_items
from nautobot.core.settings_funcs import parse_redis_connection
from nautobot.extras.models import GitRepository, Job, ScheduledJob
from nautobot.extras.plugins import register_template_extensions
from nautobot.extras.registry import registry

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.checks.remediation import shell
from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.verify import verify_migrations
from tests.support.verifying import execute, findings, follow

pytestmark = pytest.mark.usefixtures("broken")
NO_BROKER = parse_redis_connection(7)


def found():
    """Return the keys of all findings."""
    return sorted(findings()[0])


@pytest.fixture
def more_migrations(tmp_path, monkeypatch):
    """Return a function that adds a migration to a copy of the migrations of ``users``."""
    package = tmp_path / "copied_users_migrations"
    source = Path(importlib.import_module("nautobot.users.migrations").__file__).parent
    shutil.copytree(source, package)
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(name, after, operations):
        (package / f"{name}.py").write_text(
            "from django.db import migrations, models\n"
            "class Migration(migrations.Migration):\n"
            f"    dependencies = [('users', '{after}')]\n"
            f"    operations = [{operations}]\n"
        )
        importlib.invalidate_caches()
        return override_settings(MIGRATION_MODULES={"users": package.name})

    return add


def newest(app):
    ((_, name),) = MigrationLoader(connection).graph.leaf_nodes(app)
    return name


def test_verify_second_leaf_node_is_a_conflict(more_migrations):
    graph = MigrationLoader(connection).graph
    parents = graph.nodes["users", newest("users")].dependencies
    (parent,) = [name for label, name in parents if label == "users"]
    with more_migrations("0998_fork", parent, ""):
        report = verify_migrations(RunRequest())
        keys = [one.key for one in report.findings()]
        assert "migrations.conflicting_leaf_nodes:users" in keys
        assert report.verdict is Verdict.BLOCKED
    assert found() == []


def test_verify_locally_made_migration_is_unapplied(more_migrations):
    field = "migrations.AlterField('user', 'first_name', models.CharField(max_length=9))"
    with more_migrations("0998_alter_user", newest("users"), field):
        keys = found()
        assert "migrations.unapplied:django_migrations" in keys
        assert "models.missing_migrations:users" in keys
    assert found() == []


def test_verify_unpackaged_migration_file_is_found():
    """In the installed package, as makemigrations leaves it."""
    folder = Path(importlib.import_module("nautobot.users.migrations").__file__).parent
    path = folder / "0998_ours.py"
    path.write_text(
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        f"    dependencies = [('users', '{newest('users')}')]\n"
    )
    key = "migrations.unpackaged_files:users.0998_ours"
    try:
        assert set(found()) == {key, "migrations.unapplied:django_migrations"}
        call_command("migrate", "users", verbosity=0)
        found_, _ = findings()
        assert list(found_) == [key]
        follow(found_[key])
        assert found() == []
    finally:
        path.unlink(missing_ok=True)


def test_verify_failed_migration_is_partially_applied(more_migrations, instance):
    """MySQL keeps the operations before the error; PostgreSQL rolls them back."""
    widget = "migrations.CreateModel('Widget', [('id', models.AutoField(primary_key=True))])"
    name = "migrations.AddField('user', 'nick', models.CharField(max_length=9, default=''))"
    operations = f"{widget}, {name}, migrations.RunSQL('SELECT no_such_function(1)')"
    with more_migrations("0998_widgets", newest("users"), operations):
        with pytest.raises(DatabaseError):
            call_command("migrate", "users", verbosity=0)
        found_, _ = findings()
        assert "migrations.unapplied:django_migrations" in found_
        half = found_.get("migrations.partially_applied:users.0998_widgets")
        assert bool(half) is (instance.engine == "mysql")
        if half:
            assert re.search(r"\b2 of (its )?3\b", half.message)
            *undo, again = half.commands
            assert again == shell("nautobot-server post_upgrade")
            execute(*(command.text for command in undo))
    assert found() == []


@pytest.mark.parametrize(
    ("operation", "table", "statement", "undo"),
    [
        pytest.param(
            "migrations.AddField('user', 'friend', models.ForeignKey("
            "'extras.tag', models.SET_NULL, null=True))",
            "auth_user",
            "ALTER TABLE auth_user ADD COLUMN friend_id {uuid}",
            (
                "ALTER TABLE auth_user DROP CONSTRAINT friend_fk",
                "ALTER TABLE auth_user DROP COLUMN friend_id",
            ),
            id="column",
        ),
        pytest.param(
            "migrations.CreateModel('Friend', [('id', models.AutoField(primary_key=True)), "
            "('friend', models.ForeignKey('extras.tag', models.CASCADE))])",
            "users_friend",
            "CREATE TABLE users_friend (id integer PRIMARY KEY, friend_id {uuid} NOT NULL)",
            ("DROP TABLE users_friend",),
            id="table",
        ),
    ],
)
def test_verify_migration_without_its_foreign_key_is_completed_before_it_is_recorded(
    more_migrations, instance, operation, table, statement, undo, request
):
    """The server ended after the column or the table, before the constraints."""
    uuid = "char(32)" if instance.engine == "mysql" else "uuid"
    constraints = (
        f"ALTER TABLE {table} ADD CONSTRAINT friend_fk FOREIGN KEY (friend_id) "
        "REFERENCES extras_tag (id)",
        f"CREATE INDEX friend_index ON {table} (friend_id)",
    )
    name = f"0998_friend_{request.node.callspec.id}"
    with more_migrations(name, newest("users"), operation):
        execute(statement.format(uuid=uuid))
        found_, _ = findings()
        half = found_[f"migrations.partially_applied:users.{name}"]
        assert "incomplete, without the foreign key of friend" in half.evidence[0]
        recorded = shell(f"nautobot-server migrate --fake users {name}")
        assert half.commands == (
            shell(f"nautobot-server sqlmigrate users {name}"),
            recorded,
            shell("nautobot-server post_upgrade"),
        )
        execute(*constraints)
        complete, _ = findings()
        half = complete[f"migrations.partially_applied:users.{name}"]
        assert half.commands == (recorded, shell("nautobot-server post_upgrade"))
        execute(*undo)
    assert found() == []


def test_verify_view_in_place_of_a_table_is_named():
    execute(
        "ALTER TABLE extras_note RENAME TO our_notes", "CREATE VIEW extras_note AS SELECT 1 AS id"
    )
    found_, verdict = findings()
    assert verdict is Verdict.BLOCKED
    assert "it is a view" in found_["schema.drift:extras_note"].message
    assert found_["schema.drift:extras_note"].commands == ()
    listed = collect_facts(topics=("schema",)).schema
    assert listed.views == ("extras_note",)
    assert not [name for name in listed.columns.items if name.startswith("extras_note.")]


def test_verify_model_that_moves_with_its_table_is_not_partially_applied(more_migrations):
    widget = (
        "migrations.SeparateDatabaseAndState([], [migrations.CreateModel('Widget', "
        "[('id', models.AutoField(primary_key=True))], {'db_table': 'users_widget'})])"
    )
    with more_migrations("0998_moved_widgets", newest("users"), widget):
        execute("CREATE TABLE users_widget (id integer PRIMARY KEY)")
        try:
            keys = found()
        finally:
            execute("DROP TABLE users_widget")
    assert "migrations.unapplied:django_migrations" in keys
    assert not [key for key in keys if key.startswith("migrations.partially_applied")]
    assert found() == []


@pytest.mark.skipif(settings.VERSION.startswith("3."), reason="nothing newer is in the catalog")
def test_verify_database_ahead_of_code_is_blocked():
    """``migrate --check`` and ``health_check`` report no error for it."""
    newer = "('dcim', '0082_interface_port_type_interfacetemplate_port_type', now())"
    execute(f"INSERT INTO django_migrations (app, name, applied) VALUES {newer}")
    report = verify_migrations(RunRequest())
    assert [one.key for one in report.findings()] == ["migrations.database_ahead_of_code:database"]
    assert [one.check for one in report.not_checked] == ["schema.drift"]
    assert report.verdict is Verdict.BLOCKED


def test_verify_schedule_without_job_or_user_is_unrunnable():
    job = Job.objects.get(job_class_name="Greet")
    later = datetime.now(timezone.utc) + timedelta(days=9)
    shared = {"task": job.class_path, "interval": "daily", "start_time": later, "enabled": True}
    admin = get_user_model().objects.get(username="admin")
    ScheduledJob.objects.bulk_create(
        [
            ScheduledJob(name="Without a user", job_model=job, user=None, **shared),
            ScheduledJob(name="Without a Job", job_model=None, user=admin, **shared),
            ScheduledJob(name="Fine", job_model=job, user=admin, **shared),
        ]
    )
    assert found() == [
        "jobs.unrunnable_schedules:Without a Job",
        "jobs.unrunnable_schedules:Without a user",
    ]


@pytest.mark.once
def test_verify_without_worker_is_found(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", NO_BROKER)
    report = verify_migrations(RunRequest())
    assert [one.key for one in report.findings()] == ["workers.none_responding:celery"]
    assert [one.check for one in report.not_checked] == ["workers.stale_code"]


@pytest.mark.once
def test_verify_worker_older_than_the_packages_is_stale(monkeypatch):
    """The worker does not run packages that are installed later."""
    folder = distribution("nautobot")._path  # type: ignore[attr-defined]
    before = folder.stat()
    os.utime(folder, (time.time() + 60, time.time() + 60))
    try:
        (key,) = found()
        assert key.startswith("workers.stale_code:celery@")
    finally:
        os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found() == []


@pytest.mark.once
def test_verify_old_beat_heartbeat_is_found(tmp_path):
    heartbeat = tmp_path / "beat"
    heartbeat.touch()
    os.utime(heartbeat, (time.time() - 3600, time.time() - 3600))
    with override_settings(CELERY_BEAT_HEARTBEAT_FILE=str(heartbeat)):
        assert found() == ["workers.beat_not_running:beat"]


def test_verify_without_heartbeat_uses_overdue_schedules():
    job = Job.objects.get(job_class_name="Greet")
    hours_ago = datetime.now(timezone.utc) - timedelta(hours=3)
    with override_settings(CELERY_BEAT_HEARTBEAT_FILE=""):
        assert found() == []
        schedule = ScheduledJob(
            name="Hourly greeting",
            task=job.class_path,
            job_model=job,
            user=get_user_model().objects.get(username="admin"),
            interval="hourly",
            start_time=hours_ago,
            last_run_at=hours_ago,
        )
        ScheduledJob.objects.bulk_create([schedule])
        found_, _ = findings()
        assert list(found_) == ["workers.beat_not_running:beat"]
        assert "Hourly greeting" in found_["workers.beat_not_running:beat"].evidence[0]


@pytest.mark.once
def test_verify_unreachable_redis_is_blocked(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    caches = {**settings.CACHES}
    caches["default"] = {**caches["default"], "LOCATION": "redis://127.0.0.1:1/1"}
    with override_settings(CACHES=caches):
        report = verify_migrations(RunRequest())
    assert "redis.unreachable:redis" in [one.key for one in report.findings()]
    assert report.verdict is Verdict.BLOCKED


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "line", "error"),
    [
        ("import os\nclass Broken(\n", 2, "SyntaxError"),
        ("from nautobot.apps.jobs import Job, NoSuchName\n", 1, "ImportError"),
        ("import os\nfrom nautobot.extras.reports import Report\n", 2, "ModuleNotFoundError"),
        ("\n\nimport no_such_library_at_all\n", 3, "ModuleNotFoundError"),
    ],
)
def test_verify_unloadable_file_in_jobs_root_is_found(text, line, error, tmp_path):
    with override_settings(JOBS_ROOT=str(tmp_path)):
        (tmp_path / "fine.py").write_text(
            "try:\n    import no_such_library_at_all\nexcept ImportError:\n    pass\n"
            "from typing import TYPE_CHECKING\nfrom nautobot.apps.jobs import Job\n"
            "import helper\nfrom helper import anything\n"
        )
        (tmp_path / "helper.py").write_text("anything = 1\n")
        (tmp_path / "tests").mkdir()  # not a package, so Nautobot ignores it
        (tmp_path / "tests" / "test_jobs.py").write_text("import no_such_library_at_all\n")
        assert found() == []
        path = tmp_path / "broken.py"
        path.write_text(text)
        found_, _ = findings()
        ((key, finding),) = found_.items()
        assert key == f"extensions.unloadable_job_files:{path}"
        assert re.search(rf"\b{line}\b.*{error}", finding.message)
        path.write_text("from nautobot.apps.jobs import Job\n")
        assert found() == []


@pytest.mark.once
def test_verify_git_repository_with_removed_import_is_found(tmp_path):
    GitRepository.objects.bulk_create(
        [
            GitRepository(
                name="Ours",
                slug="ours",
                remote_url="https://git.example.com/ours.git",
                provided_contents=["extras.job"],
            )
        ]
    )
    jobs = tmp_path / "ours" / "jobs"
    jobs.mkdir(parents=True)
    (jobs / "__init__.py").write_text("from .sync import Sync\n")
    (jobs / "sync.py").write_text("from nautobot.extras.jobs import NoSuchJob as Sync\n")
    with override_settings(GIT_ROOT=str(tmp_path)):
        assert found() == [f"extensions.unloadable_job_files:{jobs / 'sync.py'}"]


@pytest.mark.once
def test_verify_broken_home_panel_is_found(monkeypatch):
    panels = registry["homepage_layout"]["panels"]
    broken_panel = {"custom_template": "gone.html", "template_path": "/nowhere/", "items": {}}
    monkeypatch.setitem(panels, "Ours", {**broken_panel, "weight": 1})
    assert found() == ["extensions.broken_home_panels:Ours"]


def test_verify_home_panel_that_writes_is_not_broken(monkeypatch, tmp_path):
    def store(request):
        request.user.save()

    (tmp_path / "panel.html").write_text("fine")
    ours = {"custom_template": "panel.html", "template_path": f"{tmp_path}/", "items": {}}
    panels = registry["homepage_layout"]["panels"]
    monkeypatch.setitem(panels, "Ours", {**ours, "weight": 1, "custom_data": {"x": store}})
    assert found() == []


@pytest.mark.once
def test_verify_menu_item_without_page_is_found():
    ours = NavMenuTab(
        name="Ours",
        groups=(
            NavMenuGroup(name="Group", items=(NavMenuItem(link="plugins:gone:list", name="Gone"),)),
        ),
    )
    register_menu_items([ours])
    try:
        assert found() == ["extensions.broken_menu_links:Ours / Group / plugins:gone:list"]
    finally:
        del registry["nav_menu"]["tabs"]["Ours"]


@pytest.mark.once
def test_verify_template_extension_of_missing_model_is_found():
    class Box(TemplateExtension):
        model = "dcim.site"

    register_template_extensions([Box])
    try:
        (key,) = found()
        assert key.startswith("extensions.orphaned_template_extensions:")
        assert key.endswith("Box")
    finally:
        del registry["plugin_template_extensions"]["dcim.site"]


@pytest.mark.once
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("old")])
def test_verify_outdated_static_file_is_found_and_fixed(spoil):
    path = Path(settings.STATIC_ROOT, "admin", "css", "base.css")
    spoil(path)
    found_, _ = findings()
    (finding,) = found_.values()
    assert list(found_) == ["post_upgrade.outdated_static_files:STATIC_ROOT"]
    follow(finding)
    assert found() == []


@pytest.mark.once
@pytest.mark.parametrize(
    ("line", "exists"),
    [
        ("panel Organization", True),
        ("job nautobot.core.jobs.groups.RefreshDynamicGroupCaches", True),
        ("migration users.0001_initial", True),
        ("panel Golden Configuration", False),
        ("app nautobot_golden_config 3.0.0", False),
    ],
)
def test_verify_expectations_report_only_missing_objects(line, exists):
    keys = list(findings(expectations=line)[0])
    assert keys == ([] if exists else [f"expectations.unmet:{line}"])
