"""Predictions of Preflight, compared with real upgrades from the sample of Nautobot 2.4."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from benchmarks.predictions import keep_score
from development import venvs
from tests.support.nautobot import connected_to
from tests.support.planted_apps import app, files_of
from tests.support.upgrading import DATABASE, attempt, plant_releases, run
from tests.support.wheels import wheel

pytestmark = pytest.mark.network


def preflight(older, target, folder, code=0, **environment):
    """Run Preflight with the older release; return its report."""
    words = ["preflight", "--target", target, "--output", str(folder)]
    run(older, "nautobot-server", "upgrade_jobs", *words, code=code, **environment)
    (path,) = folder.glob("preflight-*.json")
    return json.loads(path.read_text())


def by_key(report):
    return {one["key"]: one for one in report["findings"]}


@pytest.mark.apps
@pytest.mark.network
def test_preflight_predicts_the_migrations_in_order(older, instance, tmp_path):
    """The new release lists the same migrations, including those of the Apps."""
    run(older, "nautobot-server", "migrate", "--no-input")
    words = ["preflight", "--target", instance.version, "--output", str(tmp_path)]
    run(older, "nautobot-server", "upgrade_jobs", *words)
    (path,) = tmp_path.glob("preflight-*.json")
    report = json.loads(path.read_text())
    plan = run(instance, "nautobot-server", "migrate", "--plan", apps=older.apps)
    planned = [line for line in plan.splitlines() if re.fullmatch(r"\w+\.\w+", line)]
    assert len(planned) > 20
    assert report["migrations"] == planned


STOPS = {
    "migration_ids_behind": ("circuits.0023", "database.sequence_behind:django_migrations.id"),
    "schedule_awaiting_approval": ("extras.0126", "jobs.pending_approvals:Nightly greeting, to"),
    "dangling_cable": ("dcim.0089", "data.dangling_cables:dcim_cable"),
    "second_index_on_prefixes": ("ipam.0055", "data.ambiguous_indexes:ipam_prefix(network"),
    "social_login_without_uid": ("social_django.0017", "data.empty_social_uids:social_auth_"),
}
"""Faults of the demo in the order in which they stop the upgrade: migration, and finding."""


@pytest.mark.network
def test_migrate_stops_at_each_predicted_fault_until_it_is_fixed(older, instance, tmp_path):
    if not instance.version.startswith("3.2"):
        pytest.skip("some of these faults do not stop the upgrade to an older target")
    run(older, "nautobot-server", "migrate", "--no-input")
    planted = "".join(f"; demo_faults.{name}()" for name in STOPS)
    code = f"import nautobot; nautobot.setup(); from development import demo_faults{planted}"
    run(older, "python", "-c", code)
    words = ["preflight", "--target", instance.version, "--output", str(tmp_path)]
    run(older, "nautobot-server", "upgrade_jobs", *words, code=2)
    (path,) = tmp_path.glob("preflight-*.json")
    findings = json.loads(path.read_text())["findings"]
    assert not [one["key"] for one in findings if one["key"].startswith("preconditions.violated")]
    with connected_to(DATABASE):
        for migration, key in STOPS.values():
            done = attempt(instance, "nautobot-server", "migrate")
            assert done.returncode != 0
            assert done.stdout.splitlines()[-1].strip().startswith(f"Applying {migration}")
            (finding,) = [one for one in findings if one["key"].startswith(key)]
            assert migration in finding["message"] or migration == "circuits.0023"
            for command in finding["commands"]:
                fix(command)
        run(instance, "nautobot-server", "migrate")


def fix(command):
    """Run a command of a finding, as a statement if neither release works half-way."""
    text = command["text"]
    cables = ", ".join(f"'{key}'" for key in re.findall(r"[0-9a-f-]{36}", text))
    statements = [text]
    if text == "nautobot-server check_job_approval_status":
        statements = ["UPDATE extras_scheduledjob SET approval_required = false"]
    elif command["kind"] == "shell":
        statements = [
            f"UPDATE dcim_interface SET cable_id = NULL WHERE cable_id IN ({cables})",
            f"DELETE FROM dcim_cable WHERE id IN ({cables})",
        ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


DRIFT = {
    "ipam_namespace.tenant_id": (
        "ipam.0054",
        "ALTER TABLE ipam_namespace ADD COLUMN tenant_id uuid",
        "",
    ),
    "dcim_cabletype": ("dcim.0086", "CREATE TABLE dcim_cabletype (id uuid PRIMARY KEY)", ""),
    "extras_approvalworkflow": (
        "extras.0127",
        "CREATE VIEW extras_approvalworkflow AS SELECT 1 AS one",
        "",
    ),
    "dcim_consoleport.dcim_consoleport_device_name_unique": (
        "dcim.0092",
        "ALTER TABLE dcim_consoleport DROP CONSTRAINT dcim_consoleport_device_name_unique",
        "ALTER TABLE dcim_consoleport ADD CONSTRAINT dcim_consoleport_device_name_unique"
        " UNIQUE (device_id, name)",
    ),
    "dcim_cablepath.(origin_type_id, origin_id)": (
        "dcim.0091",
        "DO $$ BEGIN EXECUTE ("
        "SELECT format('ALTER TABLE dcim_cablepath DROP CONSTRAINT %I', conname) FROM pg_constraint"
        " WHERE conrelid = 'dcim_cablepath'::regclass AND contype = 'u'); END $$",
        "ALTER TABLE dcim_cablepath ADD UNIQUE (origin_type_id, origin_id)",
    ),
}
"""Objects of the schema, each with the migration that stops, the statement that makes it stop, and
the statement that fixes it; the finding has the statement of the others."""


@pytest.mark.upgrades
def test_migrate_stops_at_each_predicted_schema_conflict_until_it_is_fixed(
    older, instance, tmp_path
):
    if not instance.version.startswith("3.2"):
        pytest.skip("some of these migrations are newer than an older target")
    run(older, "nautobot-server", "migrate", "--no-input")
    with connected_to(DATABASE), connection.cursor() as cursor:
        for _, statement, _ in DRIFT.values():
            cursor.execute(statement)
    findings = [
        one
        for one in preflight(older, instance.version, tmp_path, code=2)["findings"]
        if one["key"].startswith("preconditions.schema_conflict")
    ]
    assert {one["subject"] for one in findings} == set(DRIFT)
    begun = count("SELECT count(*) FROM django_migrations")
    for finding in sorted(findings, key=committed_before):
        stopped, _, statement = DRIFT[finding["subject"]]
        done = attempt(instance, "nautobot-server", "migrate")
        assert done.returncode != 0
        assert done.stdout.splitlines()[-1].strip().startswith(f"Applying {stopped}")
        recorded = count("SELECT count(*) FROM django_migrations")
        assert recorded == begun + committed_before(finding)
        commands = [{"kind": "sql", "text": statement}] if statement else finding["commands"]
        with connected_to(DATABASE):
            for command in commands:
                fix(command)
    run(instance, "nautobot-server", "migrate")


def committed_before(finding):
    """Return the number of migrations that a finding expects to be committed."""
    return int(re.search(r"after (\d+) of", finding["message"])[1])


REMOVED = """
import nautobot
nautobot.setup()
from django.contrib.contenttypes.models import ContentType
from nautobot.dcim.models import Device
from nautobot.extras.models import ComputedField, CustomLink, ExportTemplate, GraphQLQuery
from nautobot.users.models import ObjectPermission
from nautobot.virtualization.models import Cluster, ClusterType
from development.demo_faults import schedule
device = ContentType.objects.get_for_model(Device)
named = {"name": "planted", "content_type": device}
kind = ClusterType.objects.create(name="planted")
Device.objects.update(cluster=Cluster.objects.create(name="planted", cluster_type=kind))
GraphQLQuery.objects.create(name="planted", query="query { cables { termination_a_id } }")
GraphQLQuery.objects.create(name="fine", query="query { cables { label } }")
ComputedField.objects.create(
    label="planted", key="planted", content_type=device, template="{{ obj.cluster_id }}"
)
CustomLink.objects.create(
    **named, text="{{ obj.cluster_id }}", target_url="https://example.com", new_window=False
)
ExportTemplate.objects.create(
    **named, template_code="{% for one in queryset %}{{ one.cluster_id }}{% endfor %}"
)
one = ObjectPermission.objects.create(
    name="planted", actions=["view"], constraints={"cluster__name__isnull": False}
)
one.object_types.add(device)
schedule("planted", interval="daily", task="used.Gone")
"""
"""Objects that work in every release of 2.4 and not in 3.x."""
JOBS = {
    "planted": "from nautobot.apps.models import StatusModel\n",
    "used": """from nautobot.apps import models
from nautobot.apps.jobs import Job, register_jobs

class Gone(Job):
    def run(self): ...

models.StatusModel
register_jobs(Gone)
""",
    "fine": "from nautobot.apps.models import PrimaryModel\n",
    "query": """from nautobot.dcim.models import Device
from nautobot.extras.models import ScheduledJob

def waiting():
    return ScheduledJob.objects.filter(name="x", approval_required=True)

def devices():
    return Device.objects.select_related("location").filter(name="x")
""",
}
USE = """
import json
import nautobot
nautobot.setup()
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldError
from nautobot.core.graphql import execute_saved_query
from nautobot.core.utils.data import render_jinja2
from nautobot.dcim.models import Device
from nautobot.extras.jobs import get_jobs
from nautobot.extras.models import ComputedField, CustomLink, ExportTemplate
from nautobot.users.models import ObjectPermission
admin = get_user_model().objects.get(username="admin")
user, _ = get_user_model().objects.get_or_create(username="planted")
ObjectPermission.objects.get(name="planted").users.add(user)
devices = Device.objects.order_by("name")

def query(name, field):
    found = execute_saved_query(name, user=admin)  # 3.x omits fields that it does not know
    return not found.errors and field in json.dumps(found.data)

def permitted():
    try:
        return devices.restrict(user, "view").exists()
    except FieldError:
        return False

link = CustomLink.objects.get(name="planted").text
print(json.dumps({
    "GraphQL query planted": query("planted", "termination_a_id"),
    "GraphQL query fine": query("fine", "label"),
    "computed field planted": bool(
        ComputedField.objects.get(key="planted").render({"obj": devices.first()})
    ),
    "custom link planted": bool(render_jinja2(link, {"obj": devices.first()})),
    "export template planted": bool(ExportTemplate.objects.get(name="planted").render(devices)),
    "object permission planted": permitted(),
    "scheduled job planted": "used.Gone" in get_jobs(reload=True),
}))
"""
"""Use each object as Nautobot does, and print which ones work."""


@pytest.mark.upgrades
def test_customizations_break_as_predicted(older, instance, tmp_path):
    """Objects that users created, and an interface on two cables."""
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    for name, text in JOBS.items():
        (jobs / f"{name}.py").write_text(text)
    config = tmp_path / "nautobot_config.py"
    config.write_text(f"{Path(settings.SETTINGS_PATH).read_text()}\nJOBS_ROOT = {str(jobs)!r}\n")
    environment = {"NAUTOBOT_CONFIG": str(config)}
    run(older, "nautobot-server", "migrate", "--no-input")
    run(older, "python", "-c", REMOVED, **environment)
    interface = run(older, "python", "-c", TWO_CABLES).splitlines()[-1]
    findings = by_key(preflight(older, instance.version, tmp_path, code=2, **environment))
    names = {
        key.partition(":")[2] for key in findings if key.startswith("customizations.incompatible")
    }
    query = f"Job file {jobs}/query.py: extras.ScheduledJob approval_required"
    assert {name for name in names if name.startswith("Job file")} == {
        *(f"Job file {jobs}/{name}.py" for name in ("planted", "used")),
        query,
    }
    assert findings[f"customizations.incompatible:{query}"]["evidence"] == [f"{jobs}/query.py:5"]
    used = findings[f"customizations.incompatible:Job file {jobs}/used.py"]
    assert "has no attribute 'StatusModel'" in used["message"]
    assert used["evidence"] == [f"{jobs}/used.py:7"]
    assert {path.name for path in jobs.glob("*.py")} == {f"{name}.py" for name in JOBS}
    cable = findings["data.duplicate_cable_terminations:dcim_cable"]
    assert (cable["severity"], cable["impact"]) == ("blocker", "data_loss")
    assert any(interface in line for line in cable["evidence"])
    before = works(older, **environment)
    assert before == dict.fromkeys(before, True)
    assert count(ENDS_BEFORE, interface) == 2
    run(instance, "nautobot-server", "migrate", **environment)
    after = works(instance, **environment)
    assert {name for name, worked in after.items() if not worked} == {
        name for name in names if not name.startswith("Job file")
    }
    assert count(ENDS_AFTER, interface) == 1
    use = "import nautobot; nautobot.setup(); import query; query.{}"
    environment["PYTHONPATH"] = str(jobs)
    run(instance, "python", "-c", use.format("devices()"), **environment)
    failed = attempt(instance, "python", "-c", use.format("waiting()"), **environment)
    assert "Cannot resolve keyword 'approval_required'" in failed.stderr


def works(instance, **environment):
    """Return which of the planted objects work in this release."""
    return json.loads(run(instance, "python", "-c", USE, **environment).splitlines()[-1])


FILTERS = """
import nautobot
nautobot.setup()
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from nautobot.dcim.models import Device, Location
from nautobot.extras.models import DynamicGroup, SavedView, Tag
from nautobot.ipam.models import Namespace
place = Location.objects.filter(children=None).first()
for name in ("one", "two"):
    Namespace.objects.create(name=name, location=place)
tags = [Tag.objects.create(name=name) for name in ("old", "core")]
for tag in tags:
    tag.content_types.add(ContentType.objects.get_for_model(Device))
Device.objects.order_by("name").first().tags.set(tags)
filters = {
    "location": (Namespace, {"location": str(place.pk)}),
    "negated": (Device, {"name__nic": ["edge"]}),
    "tagged": (Device, {"tags": ["old", "core"]}),
    "same": (Device, {"name__ic": ["edge"]}),
}
for suffix in ("", " fixed"):
    for name, (model, values) in filters.items():
        DynamicGroup(
            name=name + suffix, filter=values, content_type=ContentType.objects.get_for_model(model)
        ).save()
    SavedView.objects.create(
        name="view" + suffix, owner=get_user_model().objects.first(), view="ipam:namespace_list",
        config={"filter_params": filters["location"][1]},
    )
"""
FIXED = """
import nautobot
nautobot.setup()
from nautobot.extras.models import DynamicGroup, SavedView
filters = {
    "location": {"name": ["one", "two"]},
    "negated": {"name__ic": ["edge"]},
    "tagged": {"name": ["no such device"]},
}
for name, values in filters.items():
    DynamicGroup.objects.filter(name=name + " fixed").update(filter=values)
config = {"filter_params": filters["location"]}
SavedView.objects.filter(name="view fixed").update(config=config)
"""
SELECTED = """
import json
import nautobot
nautobot.setup()
from nautobot.core.utils.lookup import get_filterset_for_model, get_model_for_view_name
from nautobot.extras.models import DynamicGroup, SavedView

def listed(view):
    model = get_model_for_view_name(view.view)
    found = get_filterset_for_model(model)(view.config["filter_params"], model.objects.all())
    return found.qs.count() if found.is_valid() else 0

groups = DynamicGroup.objects.filter(group_type="dynamic-filter")
groups = groups.exclude(content_type__model="job")  # a release adds system Jobs
views = SavedView.objects.filter(name__startswith="view")
print(json.dumps({
    **{group.name: len(set(group.update_cached_members())) for group in groups},
    **{view.name: listed(view) for view in views},
}))
"""
"""The number of objects that each group and view selects, as Nautobot counts them."""


DIFFERING = {"location", "view", "negated", "tagged"}
"""The planted filters that select other objects in 3.2."""


@pytest.mark.upgrades
def test_filters_select_other_objects_as_predicted(older, instance, tmp_path):
    """A value of another form, a negation, two tags, and a filter that stays the same."""
    run(older, "nautobot-server", "migrate", "--no-input")
    run(older, "python", "-c", FILTERS)
    before = selected(older)
    assert before["location"] == before["view"] == 2
    both = DIFFERING | {f"{name} fixed" for name in DIFFERING}
    assert reported_filters(older, instance, tmp_path / "before") == both
    run(older, "python", "-c", FIXED)
    assert selected(older) == before
    assert reported_filters(older, instance, tmp_path / "fixed") == DIFFERING
    run(instance, "nautobot-server", "migrate")
    after = selected(instance)
    assert {name for name, number in before.items() if after[name] != number} == DIFFERING
    assert after["location"] == after["view"] == 0


def reported_filters(older, instance, folder):
    """Return the names of the planted filters that Preflight reports."""
    found = by_key(preflight(older, instance.version, folder))
    subjects = {
        key.partition(":")[2].removeprefix("dynamic group ").removeprefix("saved view ")
        for key in found
        if key.startswith(("customizations.different_results", "customizations.incompatible"))
    }
    negated = found["data.negated_group_filters:extras_dynamicgroup"]["evidence"]
    return subjects | {line.partition(":")[0] for line in negated}


def selected(instance):
    """Return the number of objects that each group and each planted view selects."""
    return json.loads(run(instance, "python", "-c", SELECTED).splitlines()[-1])


TWO_CABLES = """
import nautobot
nautobot.setup()
from nautobot.dcim.models import Cable, Interface
one = Cable.objects.filter(termination_a_type__model="interface").first()
free = Interface.objects.filter(cable=None, type="1000base-t").first()
Cable.objects.bulk_create([Cable(
    termination_a_type=one.termination_a_type, termination_a_id=free.pk,
    termination_b_type=one.termination_a_type, termination_b_id=one.termination_a_id,
    status=one.status,
)])
print(one.termination_a_id)
"""


ENDS_BEFORE = "SELECT count(*) FROM dcim_cable WHERE %s IN (termination_a_id, termination_b_id)"
ENDS_AFTER = "SELECT count(*) FROM dcim_cabletocabletermination WHERE interface_id = %s"


def count(query, *values):
    with connected_to(DATABASE), connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]


REFUSALS = {
    "planted_limit": (
        "trial_boot.app_fails_to_load:planted_limit",
        "planted_limit requires Nautobot maximum version",
    ),
    "planted_removed": (
        "trial_boot.app_fails_to_load:planted_removed",
        "cannot import name 'StatusModel'",
    ),
    "planted_migration": (
        "trial_boot.app_fails_to_load:planted_migration",
        "cannot import name 'utc'",
    ),
    "planted_setting": ("trial_boot.app_fails_to_load:planted_setting", "refuses the banner"),
    "nautobot_data_validation_engine": (
        "apps.merged_into_core:nautobot_data_validation_engine",
        "nautobot_data_validation_engine",
    ),
    "": ("settings.removed:DEFAULT_FILE_STORAGE", "DEFAULT_FILE_STORAGE"),
}
"""Rest of the configuration; key of its finding, and message of the new release."""
BANNER = """def ready(self):
        super().ready()
        import django
        from constance import config
        if django.VERSION >= (5,) and config.BANNER_TOP == "planted":
            raise ValueError("planted_setting refuses the banner")
"""
STORAGE = 'DEFAULT_FILE_STORAGE = "django.core.files.storage.FileSystemStorage"'


@pytest.mark.upgrades
def test_target_fails_to_start_as_predicted(older, instance, tmp_path):
    folder = tmp_path / "apps"
    folder.mkdir()
    app(folder, "planted_removed", models="from nautobot.apps.models import StatusModel\n")
    app(folder, "planted_setting", extra=BANNER)
    set_banner = "from constance import config; config.BANNER_TOP = 'planted'"
    run(older, "python", "-c", f"import nautobot; nautobot.setup(); {set_banner}")
    app(folder, "planted_limit", extra='max_version = "2.99.99"')
    app(
        folder,
        "planted_migration",
        **{
            "migrations/__init__": "",
            "migrations/0001_old": "from django.db.migrations import Migration\n"
            "from django.utils.timezone import utc\n",
        },
    )
    install(folder, "nautobot-data-validation-engine==3.4.0")
    config = tmp_path / "nautobot_config.py"
    config.write_text(f"{Path(settings.SETTINGS_PATH).read_text()}\n{STORAGE}\n")
    environment = {"NAUTOBOT_CONFIG": str(config), "PYTHONPATH": str(folder)}
    everything = {**environment, "STACK_APPS": ",".join(filter(None, REFUSALS))}
    run(older, "nautobot-server", "migrate", "--no-input", **everything)
    findings = by_key(preflight(older, instance.version, tmp_path, code=2, **everything))
    assert not [key for key in findings if key.startswith("trial_boot.new_system_check_messages")]
    begun = count("SELECT count(*) FROM django_migrations")
    for name, (key, message) in REFUSALS.items():
        assert findings[key]["severity"] == "blocker"
        left = {"NAUTOBOT_CONFIG": str(config)} if not name else {"STACK_APPS": name}
        done = attempt(instance, "nautobot-server", "migrate", PYTHONPATH=str(folder), **left)
        assert done.returncode != 0
        assert message in done.stdout + done.stderr
    assert count("SELECT count(*) FROM django_migrations") == begun


def install(folder, *words):
    """Install packages into a folder, without their dependencies."""
    command = [venvs.ensure_uv(), "-q", "pip", "install", "--no-deps", "--target", folder, *words]
    subprocess.run(command, check=True)


@pytest.mark.upgrades
def test_preflight_reports_conflicting_app_requirements(older, instance, tmp_path):
    index, folder = tmp_path / "index", tmp_path / "apps"
    index.mkdir()
    one, two = "planted-one", "planted-two"
    wheel(index, "planted-library", "1.0")
    wheel(index, "planted-library", "2.0")
    wheel(index, one, "1.0", "planted-library<2", files=files_of("planted_one"))
    wheel(index, two, "1.0", "nautobot<3", "planted-library<2", files=files_of("planted_two"))
    wheel(index, two, "2.0", "nautobot>=3", "planted-library>=2", files=files_of("planted_two"))
    install(folder, "--find-links", index, "planted-library<2", one, f"{two}<2")
    environment = {
        "PYTHONPATH": str(folder),
        "PIP_FIND_LINKS": str(index),
        "STACK_APPS": "planted_one,planted_two",
    }
    run(older, "nautobot-server", "migrate", "--no-input", **environment)
    report = preflight(older, instance.version, tmp_path, code=2, **environment)
    (finding,) = [one for one in report["findings"] if one["key"].startswith("packages.conflict")]
    assert "planted-library" in json.dumps(finding)
    packages = [f"nautobot=={instance.version}", one, two]
    words = ["pip", "install", "--dry-run", "--find-links", index, *packages]
    done = subprocess.run([venvs.ensure_uv(), *words], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "planted-library" in done.stderr


THINGS = """from django.db import models

class Thing(models.Model):
    name = models.CharField(max_length={length})
    size = models.IntegerField(default=0)
"""
FIRST = """from django.db import migrations, models

class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Thing", [
            ("id", models.AutoField(primary_key=True)),
            ("name", models.CharField(max_length=20)),
            ("size", models.IntegerField(default=0)),
        ]),
    ]
"""
LATER = """from django.db import migrations, models

def check(apps, schema_editor):
    for thing in apps.get_model("planted_one", "Thing").objects.all():
        if thing.size < 0:
            raise ValueError(f"{{thing.name}} has a negative size")

class Migration(migrations.Migration):
    dependencies = [("planted_one", "{after}")]
    operations = [{operation}]
"""
CHECK = "migrations.RunPython(check, migrations.RunPython.noop)"
UNIQUE = """migrations.AddConstraint(
    "thing", models.UniqueConstraint(fields=["name"], name="planted_one_name")
)"""
LONGER = 'migrations.AlterField("thing", "name", models.CharField(max_length=40))'
STATEMENTS = {
    "0002_check": "UPDATE planted_one_thing SET size = 0 WHERE size < 0",
    "0003_unique": "DELETE FROM planted_one_thing WHERE id = 2",
    "0004_longer": "DROP VIEW planted_view",
}
"""The migrations of the App in their order, each with the statement that lets it run."""


@pytest.mark.upgrades
def test_migrations_of_an_app_stop_as_predicted_until_each_cause_is_fixed(
    older, instance, tmp_path
):
    """Its code reads rows of the model and writes none. Core has no such migration."""
    files = {"migrations/__init__": "", "migrations/0001_initial": FIRST}
    newer = {
        **files,
        "migrations/0002_check": LATER.format(after="0001_initial", operation=CHECK),
        "migrations/0003_unique": LATER.format(after="0002_check", operation=UNIQUE),
        "migrations/0004_longer": LATER.format(after="0003_unique", operation=LONGER),
        "models": THINGS.format(length=40),
    }
    files["models"] = THINGS.format(length=20)
    planted = plant_releases(older, instance, tmp_path, files, newer)
    current, target, environment = planted.current, planted.target, planted.environment
    run(current, "nautobot-server", "migrate", "--no-input", **environment)
    rows = "INSERT INTO planted_one_thing (name, size) VALUES ('a', 1), ('a', 1), ('b', -1)"
    with connected_to(DATABASE), connection.cursor() as cursor:
        cursor.execute(rows)
        cursor.execute("CREATE VIEW planted_view AS SELECT name FROM planted_one_thing")
    findings = by_key(preflight(current, instance.version, tmp_path, code=2, **environment))
    duplicates = findings["preconditions.violated:planted_one_thing.name"]
    view = findings["preconditions.schema_dependent:view public.planted_view"]
    assert re.search(r"\b1 value\b.*\bname\b", duplicates["message"])
    assert {duplicates["severity"], view["severity"]} == {"blocker"}
    (refusal,) = (one for key, one in findings.items() if "raised_exceptions" in key)
    assert "if thing.size < 0" in refusal["evidence"][0]
    installed = by_key(
        preflight(target, instance.version, tmp_path / "installed", 2, **environment)
    )
    assert {duplicates["key"], view["key"], refusal["key"]} <= set(installed)
    begun = count("SELECT count(*) FROM django_migrations")
    expected = {"0003_unique": committed_before(duplicates), "0004_longer": committed_before(view)}
    for name, statement in STATEMENTS.items():
        done = attempt(target, "nautobot-server", "migrate", **environment)
        assert done.returncode != 0
        assert done.stdout.splitlines()[-1].strip() == f"Applying planted_one.{name}..."
        recorded = count("SELECT count(*) FROM django_migrations") - begun
        assert recorded == expected.get(name, recorded)
        with connected_to(DATABASE), connection.cursor() as cursor:
            cursor.execute(statement)
    run(target, "nautobot-server", "migrate", **environment)


@pytest.mark.upgrades
def test_healthy_installation_has_no_blocker_before_and_after_the_upgrade(
    older, instance, tmp_path
):
    """On any 3.x; no worker uses the private broker."""
    run(older, "nautobot-server", "migrate", "--no-input")
    run(older, "nautobot-server", "upgrade_jobs", "snapshot", "--output", str(tmp_path))
    words = ["preflight", "--target", instance.version, "--output", str(tmp_path)]
    attempt(older, "nautobot-server", "upgrade_jobs", *words)
    assert blockers(tmp_path, "preflight") == set()
    run(instance, "nautobot-server", "post_upgrade")
    (before,) = tmp_path.glob("snapshot-*.json.gz")
    words = ["verify", "--before", str(before), "--predicted", str(tmp_path)]
    words += ["--output", str(tmp_path)]
    attempt(instance, "nautobot-server", "upgrade_jobs", *words)
    assert blockers(tmp_path, "verify") <= {"workers"}
    (path,) = tmp_path.glob("verify-*.json")
    score = json.loads(path.read_text())["prediction_score"]
    keep_score(older.version, instance.version, score)
    assert score["applied_migrations"] == score["predicted_migrations"]
    assert score["in_range"] is True
    assert score["blockers"] == []
    # No worker and no web process of the new release runs here, and no plan installed its packages.
    surprises = {key.partition(".")[0] for key in score["surprises"]}
    assert surprises <= {"workers", "web", "jobs", "packages"}


def blockers(folder, name):
    """Return the topics of the blockers of a report."""
    (path,) = folder.glob(f"{name}-*.json")
    report = json.loads(path.read_text())
    print(report["verdict"], [one["key"] for one in report["findings"]])
    return {
        one["key"].partition(".")[0] for one in report["findings"] if one["severity"] == "blocker"
    }
