"""Rules about traces of skipped ``post_upgrade`` steps."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.content_type_cascade import ContentTypeCascade
from nautobot_upgrade_jobs.facts.migrations import Migration
from nautobot_upgrade_jobs.facts.post_upgrade import StaleContentType, StaleGroup, StaticFiles
from nautobot_upgrade_jobs.facts.preconditions import Preconditions
from tests.support.builders import facts, migrations, post_upgrade, trial_boot

STATIC = "/opt/nautobot/static"


@pytest.mark.parametrize(
    "check",
    [
        "stale_content_types",
        "expired_sessions",
        "untraced_cable_paths",
        "outdated_static_files",
        "missing_content_types",
        "missing_statuses_or_roles",
        "stale_group_members",
        "emptied_groups",
    ],
)
def test_post_upgrade_rules_without_traces_pass(findings_of, check):
    assert (
        findings_of(
            f"post_upgrade.{check}", facts(post_upgrade=post_upgrade(), migrations=migrations())
        )
        == []
    )


@pytest.mark.parametrize(
    ("check", "traces", "expected"),
    [
        pytest.param(
            "stale_content_types",
            {
                "stale_content_types": (
                    StaleContentType("dcim.site", {}),
                    StaleContentType("dcim.region", {}),
                )
            },
            [("warning", "dcim.site"), ("warning", "dcim.region")],
            id="stale content types",
        ),
        pytest.param(
            "expired_sessions",
            {"expired_sessions": 3},
            [("warning", "django_session")],
            id="expired sessions",
        ),
        pytest.param(
            "untraced_cable_paths",
            {"untraced_cable_paths": {"dcim.interface": 4}},
            [("warning", "dcim_cablepath")],
            id="untraced cable paths",
        ),
        pytest.param(
            "outdated_static_files",
            {"static_files": StaticFiles(STATIC, 9, ("a.js",), ())},
            [("warning", "STATIC_ROOT")],
            id="missing static file",
        ),
        pytest.param(
            "outdated_static_files",
            {"static_files": StaticFiles(STATIC, 9, (), ("a.js",))},
            [("warning", "STATIC_ROOT")],
            id="outdated static file",
        ),
        pytest.param(
            "missing_content_types",
            {"missing_content_types": ("vpn.vpn",), "missing_permissions": ("vpn.add_vpn",)},
            [("blocker", "django_content_type"), ("blocker", "auth_permission")],
            id="missing content type and permission",
        ),
        pytest.param(
            "missing_statuses_or_roles",
            {
                "missing_status_role_choices": {"status vpn.vpntunnel": ("Active",)},
                "models_without_choices": ("status vpn.vpntunnel",),
            },
            [("warning", "status vpn.vpntunnel")],
            id="model without any status",
        ),
        pytest.param(
            "stale_group_members",
            {"stale_dynamic_groups": (StaleGroup("edge", 2, 3), StaleGroup("core", 2, 0))},
            [("info", "extras_dynamicgroup")],
            id="stale dynamic group",
        ),
        pytest.param(
            "emptied_groups",
            {"stale_dynamic_groups": (StaleGroup("edge", 2, 3), StaleGroup("core", 2, 0))},
            [("warning", "extras_dynamicgroup")],
            id="filter that selects nothing any more",
        ),
        pytest.param(
            "emptied_groups",
            {"stale_dynamic_groups": (StaleGroup("core", 2, None),)},
            [("warning", "extras_dynamicgroup")],
            id="filter that fails",
        ),
        pytest.param(
            "emptied_groups",
            {"stale_dynamic_groups": (StaleGroup("edge", 2, 1),)},
            [],
            id="filter that selects fewer",
        ),
        pytest.param(
            "stale_group_members",
            {"stale_dynamic_groups": (StaleGroup("edge", 2, 0),)},
            [],
            id="filter that selects nothing is not reported twice",
        ),
    ],
)
def test_post_upgrade_rules_with_traces_report_them(findings_of, check, traces, expected):
    state = facts(post_upgrade=post_upgrade(**traces), migrations=migrations())
    assert findings_of(f"post_upgrade.{check}", state) == expected


@pytest.mark.parametrize("check", ["missing_content_types", "missing_statuses_or_roles"])
def test_what_pending_migrations_create_is_not_missing_yet(findings_of, check):
    pending = migrations(on_disk=(Migration("dcim.0002", (), ()),))
    traces = {"missing_content_types": ("vpn.vpn",), "models_without_choices": ("status vpn.vpn",)}
    state = facts(post_upgrade=post_upgrade(**traces), migrations=pending)
    assert findings_of(f"post_upgrade.{check}", state) == "not_applicable"


def test_outdated_static_files_without_a_folder_is_skipped(findings_of):
    state = facts(post_upgrade=post_upgrade(static_files=Unavailable("no such folder")))
    assert findings_of("post_upgrade.outdated_static_files", state) == "skipped"


def test_missing_statuses_with_another_status_left_passes(findings_of):
    """An administrator removed one status; others remain."""
    choices = {"status dcim.rack": ("Reserved",)}
    state = facts(
        post_upgrade=post_upgrade(missing_status_role_choices=choices), migrations=migrations()
    )
    assert findings_of("post_upgrade.missing_statuses_or_roles", state) == []


NOTES = ContentTypeCascade("extras_note.assigned_object_type_id", 4, ("dcim.gone",))
STATUSES = ContentTypeCascade("extras_status_content_types.contenttype_id", 2, ("dcim.gone",))


def boot_with_cascades(*cascades, **changes):
    return trial_boot(facts={"preconditions": Preconditions(cascades=cascades)}, **changes)


@pytest.mark.parametrize(
    ("boot", "expected"),
    [
        pytest.param(boot_with_cascades(), [], id="none"),
        pytest.param(boot_with_cascades(STATUSES), [("info", "content types")], id="assignments"),
        pytest.param(
            boot_with_cascades(STATUSES, NOTES), [("warning", "content types")], id="notes"
        ),
        pytest.param(
            boot_with_cascades(NOTES, is_upgrade=False), "not_applicable", id="no upgrade"
        ),
        pytest.param(
            trial_boot(facts={"preconditions": Unavailable("denied")}), "skipped", id="unknown"
        ),
    ],
)
def test_deleted_references_warns_of_rows_that_post_upgrade_deletes(findings_of, boot, expected):
    assert findings_of("post_upgrade.deleted_references", facts(), trial_boot=boot) == expected
