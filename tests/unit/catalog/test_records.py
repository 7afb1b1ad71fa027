"""Removed settings, absorbed Apps, commands and hazards."""

import pytest

from nautobot_upgrade_jobs.catalog import Catalog, RemovedSetting


def removed(catalog: Catalog, name: str, key: str | None = None) -> RemovedSetting:
    rows = [row for row in catalog.removed_settings if (row.name, row.key) == (name, key)]
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("name", "key", "removed_in", "effect"),
    [
        ("STORAGE_BACKEND", None, "3.1.0", "refused"),
        ("STORAGE_CONFIG", None, "3.1.0", "refused"),
        ("JOB_FILE_IO_STORAGE", None, "3.1.0", "refused"),
        ("STATICFILES_STORAGE", None, "3.1.0", "refused"),
        ("DEFAULT_FILE_STORAGE", None, "3.1.0", "refused"),
        ("DEVICE_NAME_AS_NATURAL_KEY", None, "3.0.0", "ignored"),
        ("BRANDING_FILEPATHS", "css", "3.0.0", "ignored"),
        ("CACHEOPS_ENABLED", None, "2.0.0", "ignored"),
        ("CELERY_RESULT_BACKEND", None, "2.0.0", "unsupported"),
    ],
)
def test_removed_settings_have_known_effects(
    catalog: Catalog, name: str, key: str | None, removed_in: str, effect: str
) -> None:
    row = removed(catalog, name, key)
    assert (row.removed_in, row.effect) == (removed_in, effect)


@pytest.mark.parametrize(
    "name", ["STORAGES", "DEVICE_UNIQUENESS", "BRANDING_FILEPATHS", "BANNER_TOP", "SECRET_KEY"]
)
def test_removed_settings_omit_supported_settings(catalog: Catalog, name: str) -> None:
    assert not [row for row in catalog.removed_settings if (row.name, row.key) == (name, None)]


def test_removed_settings_only_storage_is_refused(catalog: Catalog) -> None:
    refused = [row for row in catalog.removed_settings if row.effect == "refused"]
    assert len(refused) == 5
    assert all("STORAGE" in row.name and row.replacement for row in refused)


@pytest.mark.parametrize(
    ("version", "now"),
    [("2.4.23", False), ("2.4.24", True), ("3.0.0", False), ("3.0.3", True), ("2.3.16", False)],
)
def test_removed_setting_replacement_is_supported_before_upgrade(
    catalog: Catalog, version: str, now: bool
) -> None:
    assert removed(catalog, "STORAGE_BACKEND").is_replaceable_in(version) is now


def test_removed_setting_without_replacement_is_not_replaceable(catalog: Catalog) -> None:
    row = removed(catalog, "ENABLE_ALPHA_UI")
    assert row.replacement is None and not row.is_replaceable_in("3.2.7")


def test_removed_setting_replacement_has_supported_since(catalog: Catalog) -> None:
    assert all(
        bool(row.replacement) == bool(row.supported_since) for row in catalog.removed_settings
    )


def test_merged_apps_are_those_absorbed_by_nautobot(catalog: Catalog) -> None:
    validation, balancers = catalog.merged_apps
    assert validation.module == "nautobot_data_validation_engine"
    assert (validation.since, validation.blocks_startup, validation.data_migrated) == (
        "3.0.0",
        True,
        True,
    )
    assert balancers.module == "nautobot_load_balancer_models"
    assert (balancers.since, balancers.blocks_startup, balancers.data_migrated) == (
        "3.0.0",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("app", "version", "count"),
    [
        ("nautobot_ssot", "1.3.2", 0),
        ("nautobot_ssot", "1.4.0", 5),
        ("nautobot_ssot", "1.6.0", 6),
        ("nautobot_ssot", "2.8.0", 6),
        ("nautobot_ssot", "3.0.0", 7),
        ("nautobot_ssot", "3.2.0", 10),
        ("nautobot_ssot", "3.3.0", 11),
        ("nautobot_ssot", "4.0.0", 12),
        ("nautobot_ssot", "4.5.0", 12),
        ("nautobot_ssot", "4.7.0", 13),
        ("nautobot_chatops", "1.11.0", 0),
        ("nautobot_chatops", "2.0.0", 7),
        ("nautobot_chatops", "4.1.0", 7),
    ],
)
def test_list_conflicts_depends_on_app_release(
    catalog: Catalog, app: str, version: str, count: int
) -> None:
    (conflict,) = [each for each in catalog.app_conflicts if each.app == app]
    assert len(conflict.list_conflicts(version)) == count


def test_app_conflict_names_new_settings_keys(catalog: Catalog) -> None:
    ssot, chatops = catalog.app_conflicts
    (sdwan,) = [old for old in ssot.conflicts if old.module == "nautobot_sdwan_ssot"]
    assert (sdwan.config_from, sdwan.config_to) == ("nautobot_sdwan_ssot", "nautobot_ssot")
    assert (sdwan.prefix, sdwan.enable_setting) == ("cisco_sdwan_", "enable_cisco_sdwan")
    (arista,) = [old for old in chatops.conflicts if old.module.endswith("aristacv")]
    assert (arista.config_to, arista.enable_setting) == ("nautobot_chatops", "enable_cloudvision")
    assert ssot.override == "NAUTOBOT_SSOT_ALLOW_CONFLICTING_APPS"
    assert chatops.override is None


@pytest.mark.parametrize(
    ("name", "version", "exists"),
    [
        ("pre_migrate", "1.5.22", False),
        ("pre_migrate", "1.5.23", True),
        ("pre_migrate", "1.6.32", True),
        ("pre_migrate", "2.0.0", False),
        ("check_job_approval_status", "2.4.14", False),
        ("check_job_approval_status", "2.4.15", True),
        ("check_job_approval_status", "2.4.44", True),
        ("check_job_approval_status", "3.0.0", False),
        ("check_job_approval_status", "3.2.7", False),
        ("webhook_receiver", "2.4.32", True),
        ("webhook_receiver", "2.4.33", False),
        ("webhook_receiver", "3.0.11", True),
        ("webhook_receiver", "3.1.2", False),
        ("validate_models", "1.4.0", False),
        ("validate_models", "1.4.1", True),
        ("audit_graphql_queries", "2.0.1", False),
        ("nautobot-migrate-deprecated-templates", "2.4.21", True),
        ("nautobot-migrate-deprecated-templates", "2.4.20", False),
        ("nautobot-migrate-bootstrap-v3-to-v5", "2.4.44", False),
        ("post_upgrade", "1.0.0", True),
        ("post_upgrade", "3.2.9", True),
        ("no_such_command", "3.2.7", False),
    ],
)
def test_has_command_depends_on_release(
    catalog: Catalog, name: str, version: str, exists: bool
) -> None:
    assert catalog.has_command(name, version) is exists


def test_command_line_has_prefix_or_is_a_script(catalog: Catalog) -> None:
    calls = {each.name: each.command_line for each in catalog.commands}
    assert calls["pre_migrate"] == "nautobot-server pre_migrate"
    script = "nautobot-migrate-deprecated-templates"
    assert calls[script] == script


def test_index_renames_name_tables_and_columns(catalog: Catalog) -> None:
    assert [(each.table, ",".join(each.columns)) for each in catalog.index_renames] == [
        ("extras_taggeditem", "content_type_id,object_id"),
        ("ipam_ipaddress", "ip_version,host,mask_length"),
        ("ipam_prefix", "namespace_id,ip_version,network,prefix_length"),
        ("ipam_prefix", "network,broadcast,prefix_length"),
        ("ipam_prefix", "namespace_id,network,broadcast,prefix_length"),
        ("ipam_vrf", "namespace_id,name,rd"),
    ]
    assert {each.migration for each in catalog.index_renames} <= catalog.all_core_migrations


def test_cable_terminations_map_content_types_to_tables(catalog: Catalog) -> None:
    assert len(catalog.cable_terminations) == 9
    assert (
        catalog.cable_terminations["circuits.circuittermination"] == "circuits_circuittermination"
    )
    assert "dcim.cable" not in catalog.cable_terminations
    for content_type, table in catalog.cable_terminations.items():
        assert table == content_type.replace(".", "_")
