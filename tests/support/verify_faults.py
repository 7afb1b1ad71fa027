"""Faults that upgrades leave behind, as statements for a healthy database, with their findings.

Statements hold for PostgreSQL; ``anywhere`` marks those that MySQL takes as well.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Statements, their findings, and statements that fix what no command of a finding fixes."""

    statements: tuple[str, ...]
    found: tuple[str, ...]
    """Keys of all findings."""
    by_hand: tuple[str, ...] = ()
    """Statements that carry out the remediation."""
    then: str = ""
    """Key of a finding that may follow the fix; its own command fixes it."""
    anywhere: bool = False


def fault(*statements: str, found: str | tuple[str, ...], **more: object) -> Fault:
    """Make a fault; one finding may be given as such."""
    return Fault(statements, (found,) if isinstance(found, str) else found, **more)


def of_schema(table: str, *statements: str, **more: object) -> Fault:
    """A difference of one table."""
    return fault(*statements, found=f"schema.drift:{table}", **more)


CONSTRAINT = (
    "(SELECT conname FROM pg_constraint WHERE conrelid = '{table}'::regclass AND {which} LIMIT 1)"
)


SOLAR = "app_label = 'django_celery_beat' AND model = 'solarschedule'"


def dropping(table: str, which: str) -> str:
    """Return the statement that drops a constraint whose name a release made up."""
    name = CONSTRAINT.format(table=table, which=which)
    return (
        f"DO $$ BEGIN EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I CASCADE', {name}); "
        "END $$"
    )


SCHEMA = {
    "dropped_table": of_schema("ipam_ipaddresstointerface", "DROP TABLE ipam_ipaddresstointerface"),
    "dropped_column": of_schema("dcim_rack", "ALTER TABLE dcim_rack DROP COLUMN serial"),
    "dropped_nullable_column": of_schema(
        "dcim_inventoryitem", "ALTER TABLE dcim_inventoryitem DROP COLUMN asset_tag"
    ),
    "dropped_foreign_key_column": of_schema(
        "ipam_vrf", "ALTER TABLE ipam_vrf DROP COLUMN tenant_id"
    ),
    "dropped_index": of_schema(
        "dcim_device",
        "DO $$ BEGIN EXECUTE format('DROP INDEX %I', (SELECT indexname FROM pg_indexes WHERE "
        "tablename = 'dcim_device' AND indexdef LIKE '%(platform_id)')); END $$",
    ),
    "dropped_unique_constraint": of_schema(
        "dcim_manufacturer", dropping("dcim_manufacturer", "contype = 'u'")
    ),
    "dropped_foreign_key": of_schema(
        "dcim_devicetype", dropping("dcim_devicetype", "contype = 'f'")
    ),
    "dropped_check": of_schema("dcim_powerfeed", dropping("dcim_powerfeed", "contype = 'c'")),
    "dropped_primary_key": of_schema(
        "extras_webhook_content_types", dropping("extras_webhook_content_types", "contype = 'p'")
    ),
    "other_type": of_schema("ipam_vlan", "ALTER TABLE ipam_vlan ALTER COLUMN vid TYPE bigint"),
    "other_length": of_schema(
        "tenancy_tenant", "ALTER TABLE tenancy_tenant ALTER COLUMN name TYPE varchar(300)"
    ),
    "null_allowed": of_schema(
        "circuits_provider", "ALTER TABLE circuits_provider ALTER COLUMN name DROP NOT NULL"
    ),
    "null_refused": of_schema(
        "extras_configcontextschema",
        "DELETE FROM extras_configcontextschema",
        "ALTER TABLE extras_configcontextschema ALTER COLUMN owner_object_id SET NOT NULL",
    ),
    "extra_column": of_schema(
        "ipam_rir", "ALTER TABLE ipam_rir ADD COLUMN former text", anywhere=True
    ),
    "extra_column_that_needs_a_value": of_schema(
        "ipam_service",
        "DELETE FROM ipam_service",
        "ALTER TABLE ipam_service ADD COLUMN ticket varchar(9) NOT NULL",
        by_hand=("ALTER TABLE ipam_service DROP COLUMN ticket",),
        anywhere=True,
    ),
    "extra_unique_constraint": of_schema(
        "dcim_platform",
        "ALTER TABLE dcim_platform ADD CONSTRAINT mine UNIQUE (id, name)",
        anywhere=True,
    ),
    "extra_check": of_schema(
        "circuits_circuittype",
        "ALTER TABLE circuits_circuittype ADD CONSTRAINT mine CHECK (name <> '')",
    ),
    "extra_foreign_key": of_schema(
        "dcim_locationtype",
        "ALTER TABLE dcim_locationtype ADD COLUMN mine uuid REFERENCES dcim_rack (id)",
    ),
    "invalid_index": of_schema(
        "virtualization_virtualmachine",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT indexname::regclass "
        "FROM pg_indexes WHERE tablename = 'virtualization_virtualmachine' "
        "AND indexdef LIKE '%(platform_id)')",
    ),
    "constraint_not_validated": of_schema(
        "tenancy_tenantgroup",
        "ALTER TABLE tenancy_tenantgroup ADD CONSTRAINT mine CHECK (name <> '') NOT VALID",
        by_hand=("ALTER TABLE tenancy_tenantgroup DROP CONSTRAINT mine",),
    ),
    "sequence_behind": fault(
        "SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), 1)",
        found="database.sequence_behind:django_migrations.id",
    ),
    "key_without_sequence": fault(
        "ALTER TABLE auth_group_permissions ALTER COLUMN id DROP IDENTITY IF EXISTS",
        "ALTER TABLE auth_group_permissions ALTER COLUMN id DROP DEFAULT",
        found="database.sequence_behind:auth_group_permissions.id",
    ),
}

NO_RECORD = "DELETE FROM django_migrations WHERE app = '{app}' AND name = '{leaf}'"
HISTORY = {
    "record_removed": fault(
        NO_RECORD,
        found=("migrations.partially_applied:{key}", "migrations.unapplied:django_migrations"),
        anywhere=True,
    ),
    "record_renamed": fault(
        "UPDATE django_migrations SET name = '0999_mine' WHERE app = '{app}' AND name = '{leaf}'",
        found=(
            "migrations.partially_applied:{key}",
            "migrations.recorded_without_file:{app}",
            "migrations.unapplied:django_migrations",
        ),
        anywhere=True,
    ),
    "record_added": fault(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('users', '0999_mine', now())",
        found="migrations.recorded_without_file:users",
        anywhere=True,
    ),
    "record_in_the_middle_removed": fault(
        "DELETE FROM django_migrations WHERE app = 'users' AND name = '0001_initial'",
        found=(
            "migrations.partially_applied:users.0001_initial",
            "migrations.inconsistent_history:",
            "migrations.unapplied:django_migrations",
        ),
        anywhere=True,
    ),
    "tables_of_a_removed_app": fault(
        "CREATE TABLE nautobot_firewall_models_zone (id varchar(9) PRIMARY KEY)",
        "INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('nautobot_firewall_models', '0001_initial', now())",
        found="apps.orphaned_data:nautobot_firewall_models",
        by_hand=(
            "DROP TABLE nautobot_firewall_models_zone",
            "DELETE FROM django_migrations WHERE app = 'nautobot_firewall_models'",
        ),
        anywhere=True,
    ),
}

AFTERCARE = {
    "stale_content_type": fault(
        "INSERT INTO django_content_type (app_label, model) VALUES ('dcim', 'site')",
        found="post_upgrade.stale_content_types:dcim.site",
        anywhere=True,
    ),
    "expired_sessions": fault(
        "INSERT INTO django_session (session_key, session_data, expire_date) "
        "VALUES ('x', 'x', '2020-01-01 00:00:00')",
        found="post_upgrade.expired_sessions:django_session",
        anywhere=True,
    ),
    "content_type_missing": fault(
        "DELETE FROM auth_permission WHERE content_type_id = "
        f"(SELECT id FROM django_content_type WHERE {SOLAR})",
        f"DELETE FROM django_content_type WHERE {SOLAR}",
        found=(
            "post_upgrade.missing_content_types:auth_permission",
            "post_upgrade.missing_content_types:django_content_type",
        ),
    ),
    "permission_missing": fault(
        "DELETE FROM auth_permission WHERE codename = 'add_rack'",
        found="post_upgrade.missing_content_types:auth_permission",
        anywhere=True,
    ),
    "no_status_left": fault(
        "DELETE FROM extras_status_content_types WHERE contenttype_id = (SELECT id FROM "
        "django_content_type WHERE app_label = 'dcim' AND model = 'softwareimagefile')",
        found="post_upgrade.missing_statuses_or_roles:status dcim.softwareimagefile",
        by_hand=(
            (
                "INSERT INTO extras_status_content_types (status_id, contenttype_id) SELECT (SELECT"
                " min(id::text)::uuid FROM extras_status), (SELECT id FROM django_content_type"
                " WHERE app_label = 'dcim' AND model = 'softwareimagefile')"
            ),
        ),
    ),
}

JOBS = {
    "job_not_registered": fault(
        "UPDATE extras_job SET job_class_name = 'Former' WHERE job_class_name = 'CompareSnapshots'",
        found=(
            "extensions.unregistered_jobs:not recorded",
            "extensions.unregistered_jobs:not registered",
        ),
        then="post_upgrade.stale_group_members:extras_dynamicgroup",  # a group of Jobs
        anywhere=True,
    ),
}
DATA = {
    "addresses_without_a_parent": fault(
        "UPDATE ipam_ipaddress SET parent_id = NULL WHERE mask_length = 32",
        found="postconditions.violated:parent_of_ip_addresses",
        by_hand=(
            (
                "DELETE FROM extras_staticgroupassociation WHERE associated_object_id IN "
                "(SELECT id FROM ipam_ipaddress WHERE parent_id IS NULL)"
            ),
            "DELETE FROM ipam_ipaddress WHERE parent_id IS NULL",
        ),
    ),
}
FAULTS = DATA | SCHEMA | HISTORY | AFTERCARE | JOBS

MASKING = tuple(name for name in HISTORY if name.startswith("record_") and name != "record_added")
"""Faults of the history that hide each other: each is planted alone."""
GROUPS = {
    "schema": tuple(SCHEMA),
    "rows": tuple(name for name in FAULTS if name not in (*SCHEMA, *MASKING)),
    **{name: (name,) for name in MASKING},
}
"""Faults that are planted together: each changes another table, so that each has a finding."""
