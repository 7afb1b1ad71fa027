"""A rehearsal stops where the real upgrade stops, with the same migrations committed."""

import json

import pytest
from django.db import connection

from tests.support.nautobot import connected_to
from tests.support.upgrading import DATABASE, attempt, plant_releases, run
from tests.upgrade.test_predictions import FIRST, STOPS, THINGS

pytestmark = [pytest.mark.network, pytest.mark.upgrades]

REFUSE = """from django.db import migrations

def fill(apps, schema_editor):
    for thing in apps.get_model("planted_one", "Thing").objects.order_by("id"):
        if thing.name == "bad":
            raise ValueError("half of the rows are changed")
        thing.size = 7
        thing.save()

class Migration(migrations.Migration):
    dependencies = [("planted_one", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""


def plant(older, instance, folder, migration):
    """Install two releases of an App. The newer one has one more migration, and rows to apply to.

    Args:
        older: The instance of the installed release.
        instance: The instance of the target.
        folder: A new folder.
        migration: The file of the migration.
    """
    files = {"migrations/__init__": "", "migrations/0001_initial": FIRST}
    files["models"] = THINGS.format(length=20)
    planted = plant_releases(older, instance, folder, files, files | migration)
    run(planted.current, "nautobot-server", "migrate", "--no-input", **planted.environment)
    with connected_to(DATABASE), connection.cursor() as cursor:
        cursor.execute("INSERT INTO planted_one_thing (name, size) VALUES ('a', 1), ('bad', 1)")
    return planted


def rehearse(older, target, folder, *words, code=2, **environment):
    """Rehearse with the older release, and return the report."""
    options = ["--target", target, "--no-rollback", "--output", str(folder), *words]
    command = ["nautobot-server", "upgrade_jobs", "rehearse", *options]
    run(older, *command, code=code, **environment)
    (path,) = folder.glob("rehearse-*.json")
    return json.loads(path.read_text())


def read_recorded():
    with connected_to(DATABASE), connection.cursor() as cursor:
        cursor.execute("SELECT app || '.' || name FROM django_migrations")
        return {key for (key,) in cursor.fetchall()}


def require_same_stop(report, instance, **environment):
    """Require that the real upgrade stops at the same migration. Return what the report says."""
    forward, before = report["rehearsal"]["forward"], read_recorded()
    done = attempt(instance, "nautobot-server", "migrate", **environment)
    assert done.returncode != 0
    shown = done.stdout.splitlines()[-1].strip().removeprefix("Applying ").removesuffix("...")
    assert forward["stop"]["migration"].startswith(shown)  # A long name is cut.
    committed = [each["migration"] for each in forward["migrations"]]
    assert read_recorded() - before == set(committed)
    assert committed == report["rehearsal"]["planned"][: len(committed)]
    return forward["stop"]


@pytest.mark.parametrize("fault", STOPS)
def test_rehearsal_of_a_planted_fault_stops_as_the_upgrade_does(older, instance, tmp_path, fault):
    run(older, "nautobot-server", "migrate", "--no-input")
    code = "import nautobot; nautobot.setup(); from development import demo_faults; "
    run(older, "python", "-c", f"{code}demo_faults.{fault}()")
    report = rehearse(older, instance.version, tmp_path)
    stop = require_same_stop(report, instance)
    assert stop["migration"].startswith(STOPS[fault][0])
    (finding,) = [each for each in report["findings"] if each["severity"] == "blocker"]
    assert finding["key"] == f"rehearsal.migrate_fails:{stop['migration']}"


def test_rehearsal_of_an_app_that_raises_in_its_loop_commits_nothing_of_it(
    older, instance, tmp_path
):
    planted = plant(older, instance, tmp_path, {"migrations/0002_fill": REFUSE})
    current, target, environment = planted.current, planted.target, planted.environment
    report = rehearse(current, instance.version, tmp_path, **environment)
    stop = require_same_stop(report, target, **environment)
    assert stop["migration"] == "planted_one.0002_fill"
    assert stop["message"] == "half of the rows are changed"


HURT = """from django.db import migrations

STATEMENTS = (
    "DELETE FROM planted_one_thing WHERE name = 'bad'",
    "DELETE FROM extras_taggeditem WHERE id = (SELECT id FROM extras_taggeditem LIMIT 1)",
    "UPDATE dcim_location SET description = 'changed by the App'",
)

def hurt(apps, schema_editor):
    for statement in STATEMENTS:
        schema_editor.execute(statement)

class Migration(migrations.Migration):
    dependencies = [("planted_one", "0001_initial")]
    operations = [migrations.RunPython(hurt, migrations.RunPython.noop)]
"""


@pytest.fixture
def account(instance):
    """An account of the server that may create a copy."""
    instance.server().sql("CREATE ROLE rehearsal LOGIN CREATEDB")
    yield
    instance.server().sql("DROP OWNED BY rehearsal", "DROP ROLE rehearsal")


@pytest.mark.usefixtures("account")
def test_rehearsal_of_an_app_that_damages_rows_without_an_error_names_their_tables(
    older, instance, tmp_path
):
    """The copy is on a server that the operator names."""
    planted = plant(older, instance, tmp_path, {"migrations/0002_hurt": HURT})
    current, environment = planted.current, planted.environment
    with connected_to(DATABASE), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM extras_taggeditem")
        assert cursor.fetchone()[0]
    server = ["--server", f"postgresql://rehearsal@127.0.0.1:{instance.server().port}/postgres"]
    report = rehearse(current, instance.version, tmp_path, *server, **environment)
    assert not [name for name in instance.server().databases() if "rehearsal" in name]
    found = {each["key"]: each["severity"] for each in report["findings"]}
    severities = {
        "planted_one_thing": "blocker",
        "extras_taggeditem": "blocker",
        "dcim_location.description": "warning",
    }
    for name, severity in severities.items():
        assert found[f"fingerprints.changes:{name}"] == severity
    claims = {each["text"]: each["outcome"] for each in report["rehearsal"]["claims"]}
    assert claims["no data is lost without a known reason"] == "disproven"
