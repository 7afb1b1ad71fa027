"""Faults of the demo's database, as found in real installations, each with what it breaks.

Runs in the demo's instance: ``python -m development.demo_faults``. A new fault is one more
function. Two faults are no rows: ``demo_config.py``, and the media folder that ``demo.py`` removes.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

import nautobot

FAULTS: list[Callable[[], None]] = []
LONG_AGO = datetime.datetime(2026, 1, 5, 3, tzinfo=datetime.timezone.utc)
LATER = datetime.datetime(2035, 1, 1, 4, tzinfo=datetime.timezone.utc)


def fault(function: Callable[[], None]) -> Callable[[], None]:
    """Add a function to the list."""
    FAULTS.append(function)
    return function


def execute(statement: str, *values: object) -> list[tuple]:
    """Run SQL, and return its rows if it has any."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def schedule(name: str, **fields: object) -> None:
    """Make a schedule that will not fire while anybody watches."""
    from nautobot.extras.models import Job, ScheduledJob

    job = Job.objects.get(module_name="sample_jobs", job_class_name="Greet")
    shared = {"task": job.class_path, "job_model": job, "start_time": LATER, "user": admin()}
    queue = {"celery_kwargs": {"queue": "default"}}
    ScheduledJob.objects.create(name=name, **{**shared, **queue, **fields})


def admin():
    """The superuser."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(is_superuser=True, username="admin")


@fault
def schedule_awaiting_approval() -> None:
    """extras.0126 aborts the migration to 3.0 while a schedule waits for approval."""
    schedule("Nightly greeting, to be approved", interval="daily", approval_required=True)


@fault
def negated_group() -> None:
    """Until 3.1 a dynamic group overlooks that its filter is negated; then its members change."""
    from nautobot.extras.models import DynamicGroup

    group = DynamicGroup.objects.get(name="Sample by name")
    DynamicGroup.objects.create(
        name="All but the edge", content_type=group.content_type, filter={"name__nic": ["edge"]}
    )


@fault
def schedule_with_null_arguments() -> None:
    """A schedule whose arguments are JSON null is refused when it next runs on 3.2."""
    schedule("Imported years ago", interval="custom", crontab="0 4 1 1 *")
    execute("UPDATE extras_scheduledjob SET kwargs = 'null' WHERE name = %s", "Imported years ago")


@fault
def dangling_cable() -> None:
    """dcim.0089 (3.2) fails on a cable whose interface was deleted by hand."""
    execute(
        "DELETE FROM dcim_interface WHERE name = 'eth1' AND device_id = "
        "(SELECT id FROM dcim_device WHERE name = 'edge-03')"
    )


@fault
def second_index_on_prefixes() -> None:
    """ipam.0055 (3.1) renames an index by its columns and aborts when there are two."""
    execute("CREATE INDEX dba_prefix_lookup ON ipam_prefix (network, broadcast, prefix_length)")


@fault
def social_login_without_uid() -> None:
    """social_django.0017 (3.1) adds a constraint that an empty uid violates."""
    from django.apps import apps

    model = apps.get_model("social_django", "UserSocialAuth")
    model.objects.create(user=admin(), provider="saml", uid="")


@fault
def tables_of_a_removed_app() -> None:
    """An App that is gone left tables and migration records, which nothing upgrades."""
    table = "nautobot_firewall_models_addressobject"
    execute(f"CREATE TABLE {table} (id uuid PRIMARY KEY, name varchar(100) NOT NULL)")
    rows = "SELECT gen_random_uuid(), 'host-' || n FROM generate_series(1, 25) AS n"
    execute(f"INSERT INTO {table} {rows}")
    for name in ("0001_initial", "0002_custom_status", "0003_address_object"):
        record = "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)"
        execute(record, "nautobot_firewall_models", name, LONG_AGO)


@fault
def migration_ids_behind() -> None:
    """After a restore by hand the id sequence lags, so recording the next migration collides."""
    execute(
        "SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), "
        "(SELECT max(id) - 40 FROM django_migrations))"
    )


@fault
def validation_app_in_use() -> None:
    """3.0 contains nautobot_data_validation_engine and does not start with it in PLUGINS."""
    from django.apps import apps
    from django.contrib.contenttypes.models import ContentType

    rule = apps.get_model("nautobot_data_validation_engine", "RegularExpressionValidationRule")
    device = ContentType.objects.get(app_label="dcim", model="device")
    fields = {"content_type": device, "field": "name", "regular_expression": "^[A-Za-z0-9-]+$"}
    rule.objects.create(name="Device names", enabled=False, **fields)


@fault
def compliance_of_a_numbered_object() -> None:
    """data_validation.0002 (3.0) copies by SQL and fails on an object id that is no UUID."""
    from django.apps import apps
    from django.contrib.contenttypes.models import ContentType

    model = apps.get_model("nautobot_data_validation_engine", "DataCompliance")
    user = ContentType.objects.get(app_label="auth", model="group")
    fields = {"content_type": user, "object_id": "17", "validated_attribute": "name"}
    model.objects.bulk_create([model(compliance_class_name="GroupNames", valid=True, **fields)])


@fault
def job_stuck_in_started() -> None:
    """A Job that never ended, of a worker that is gone."""
    from nautobot.extras.models import Job, JobResult

    job = Job.objects.get(module_name="sample_jobs", job_class_name="Greet")
    stuck = JobResult.objects.create(name="Greet", job_model=job, user=admin(), status="STARTED")
    JobResult.objects.filter(pk=stuck.pk).update(date_created=LONG_AGO, date_started=LONG_AGO)


@fault
def job_that_needs_approval() -> None:
    """A Job's "approval required" no longer holds anything back since 3.0."""
    from nautobot.extras.models import Job

    jobs = Job.objects.filter(module_name="sample_jobs", job_class_name="CountDevices")
    jobs.update(approval_required=True, approval_required_override=True)


def main() -> None:
    """Plant them all."""
    nautobot.setup()
    for plant in FAULTS:
        print(f"{plant.__name__}: {plant.__doc__}")
        plant()


if __name__ == "__main__":
    main()
