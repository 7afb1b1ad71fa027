"""What Verify Migrations alone asks: after-care, services, models and schema."""

import pytest

from nautobot_upgrade_jobs.checks.expectation_parser import ExpectationError, parse_expectations
from nautobot_upgrade_jobs.facts import PostconditionCounts, Unavailable
from nautobot_upgrade_jobs.facts.extensions import BrokenJobFile
from nautobot_upgrade_jobs.facts.migrations import Migration, Operation
from nautobot_upgrade_jobs.facts.post_upgrade import StaleContentType, StaticFiles
from nautobot_upgrade_jobs.facts.workers import Beat
from tests.support.builders import (
    automation,
    extensions,
    facts,
    identity,
    interface,
    migration,
    migrations,
    models,
    post_upgrade,
    redis,
    schema,
    worker,
    workers,
)

STATIC = "/opt/nautobot/static"


@pytest.mark.parametrize(
    ("check", "left", "expected"),
    [
        ("stale_content_types", {}, []),
        (
            "stale_content_types",
            {
                "stale_content_types": (
                    StaleContentType("dcim.site", {}),
                    StaleContentType("dcim.region", {}),
                )
            },
            [("warning", "dcim.site"), ("warning", "dcim.region")],
        ),
        ("expired_sessions", {}, []),
        ("expired_sessions", {"expired_sessions": 3}, [("warning", "django_session")]),
        ("untraced_cable_paths", {}, []),
        (
            "untraced_cable_paths",
            {"untraced_cable_paths": {"dcim.interface": 4}},
            [("warning", "dcim_cablepath")],
        ),
        ("outdated_static_files", {}, []),
        (
            "outdated_static_files",
            {"static_files": StaticFiles(STATIC, 9, ("a.js",), ())},
            [("warning", "STATIC_ROOT")],
        ),
        (
            "outdated_static_files",
            {"static_files": StaticFiles(STATIC, 9, (), ("a.js",))},
            [("warning", "STATIC_ROOT")],
        ),
        ("outdated_static_files", {"static_files": Unavailable("no such folder")}, "skipped"),
        ("missing_content_types", {}, []),
        (
            "missing_content_types",
            {"missing_content_types": ("vpn.vpn",), "missing_permissions": ("vpn.add_vpn",)},
            [("blocker", "django_content_type"), ("blocker", "auth_permission")],
        ),
        ("missing_statuses_or_roles", {}, []),
        # Somebody's choice: the others are there.
        (
            "missing_statuses_or_roles",
            {"missing_status_role_choices": {"status dcim.rack": ("Reserved",)}},
            [],
        ),
        (
            "missing_statuses_or_roles",
            {
                "missing_status_role_choices": {"status vpn.vpntunnel": ("Active",)},
                "models_without_choices": ("status vpn.vpntunnel",),
            },
            [("warning", "status vpn.vpntunnel")],
        ),
        ("stale_group_members", {}, []),
        (
            "stale_group_members",
            {"stale_dynamic_groups": ("Edge",)},
            [("info", "extras_dynamicgroup")],
        ),
    ],
)
def test_what_a_skipped_step_leaves(found, check, left, expected):
    assert found(f"post_upgrade.{check}", facts(post_upgrade=post_upgrade(**left))) == expected


OLDER = "fedcba9876543210"


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        ([worker()], []),
        ([worker(), worker(name="celery@other")], []),
        ([worker(identity=identity(host="other"))], []),
        ([worker(identity=identity(loaded_digest=OLDER))], [("blocker", "celery@host")]),
        (
            [worker(identity=identity(started_at="2026-11-02T08:59:59+00:00"))],
            [("blocker", "celery@host")],
        ),
        (
            [
                worker(),
                worker(
                    name="celery@b", identity=identity(loaded_digest=OLDER, on_disk_digest=OLDER)
                ),
            ],
            [("blocker", "celery@b")],
        ),
        ([worker(), worker(name="celery@git", identity=None)], "skipped"),
    ],
)
def test_a_worker_on_other_code(found, running, expected):
    assert found("workers.stale_code", facts(workers=workers(*running))) == expected


def test_without_the_app_nobody_can_say_which_code_runs(found):
    assert found("workers.stale_code", facts(workers=workers(this_process=None))) == "skipped"


@pytest.mark.parametrize(
    ("beat", "expected"),
    [
        (Beat(2, {}), []),
        (Beat(119, {}), []),
        (Beat(None, {}), []),
        (Beat(None, {"Nightly": 9}), []),
        # It runs; that something is late has another reason.
        (Beat(2, {"Nightly": 700}), []),
        (Beat(121, {}), [("warning", "beat")]),
        (Beat(9_000, {"Nightly": 700}), [("warning", "beat")]),
        # A file that a beat has left which runs elsewhere.
        (Beat(90_000, {}), []),
        (Beat(90_000, {"Nightly": 700}), [("warning", "beat")]),
        (Beat(None, {"Nightly": 10}), [("warning", "beat")]),
        (Beat(2, Unavailable("permission denied")), "skipped"),
        (None, "not_applicable"),
    ],
)
def test_beat_is_told_by_its_traces(found, beat, expected):
    assert found("workers.beat_not_running", facts(workers=workers(beat=beat))) == expected


@pytest.mark.parametrize(
    ("queues", "expected"),
    [
        (("default",), []),
        (("bulk", "default"), []),
        (("bulk",), [("warning", "default")]),
    ],
)
def test_somebody_takes_from_the_default_queue(found, queues, expected):
    state = facts(workers=workers(worker(queues=queues)))
    assert found("workers.default_queue_unserved", state) == expected


@pytest.mark.parametrize(
    ("server", "answering", "version"),
    [
        (redis(), [], []),
        (redis(unreachable_reason="ConnectionError: refused"), [("blocker", "redis")], "skipped"),
    ],
)
def test_redis_answers(found, server, answering, version):
    state = facts(redis=server)
    assert found("redis.unreachable", state) == answering
    assert found("redis.unsupported_version", state) == version


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"dcim": ("Add field x to device",)}, [("blocker", "dcim")]),
        ({"nautobot_example": ("Alter field x",)}, [("warning", "nautobot_example")]),
        (Unavailable("conflicting leaf nodes in dcim"), "skipped"),
    ],
)
def test_models_have_their_migrations(found, changes, expected):
    state = facts(expected_schema=models(missing_migrations=changes))
    assert found("models.missing_migrations", state) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"columns": {"dcim_device.height": "integer"}}, [("blocker", "dcim_device")]),
        ({"indexes": {"dcim_device.rack_1a2b": None}}, [("warning", "dcim_device")]),
        ({"columns": {"dcim_device.mine": "text"}}, [("warning", "dcim_device")]),
        (
            {"columns": {"dcim_device.mine": "text", "dcim_device.height": "bigint not null"}},
            [("blocker", "dcim_device")],
        ),
        ({"columns": {"somebody_elses.table": "text"}}, []),
    ],
)
def test_the_schema_is_what_the_migrations_made(found, changes, expected):
    assert found("schema.drift", facts(schema=schema(**changes))) == expected


@pytest.mark.parametrize(
    ("recorded", "judged"),
    [
        ("dcim.0082_interface_port_type_interfacetemplate_port_type", "skipped"),
        ("dcim.0999_mine", []),
    ],
)
def test_a_schema_that_a_newer_release_has_changed_is_not_judged(found, recorded, judged):
    assert found("schema.drift", facts(migrations=migrations(recorded=(recorded,)))) == judged


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ((Operation("CreateModel", ("dcim_device",)), Operation("RunPython")), True),
        (
            (Operation("CreateModel", ("dcim_device",)), Operation("CreateModel", ("dcim_new",))),
            True,
        ),
        ((Operation("CreateModel", ("dcim_new",)),), False),
        ((Operation("RunPython"),), False),
    ],
)
def test_a_migration_that_has_begun(found, operations, expected):
    first = migration("dcim.0001_initial")
    second = Migration("dcim.0002_more", (first.key,), (), operations)
    state = facts(migrations=migrations((first, second), (first.key,)))
    begun = [("blocker", "dcim.0002_more")] if expected else []
    assert found("migrations.partially_applied", state) == begun


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("unloadable_job_files", {}, []),
        (
            "unloadable_job_files",
            {
                "broken_job_files": (
                    BrokenJobFile("/opt/jobs/a.py", 3, "SyntaxError: invalid syntax"),
                )
            },
            [("warning", "/opt/jobs/a.py")],
        ),
        ("unloadable_job_files", {"broken_job_files": Unavailable("permission denied")}, "skipped"),
        ("unregistered_jobs", {}, []),
        ("unregistered_jobs", {"unregistered_jobs": ("pkg.Job",)}, [("warning", "not registered")]),
        ("unregistered_jobs", {"unrecorded_jobs": ("pkg.Job",)}, [("warning", "not recorded")]),
        ("broken_home_panels", {}, []),
        ("broken_home_panels", {"broken_home_panels": {"Ours": "KeyError"}}, [("blocker", "Ours")]),
        ("broken_menu_links", {}, []),
        (
            "broken_menu_links",
            {"broken_menu_links": ("Apps / Ours / gone",)},
            [("warning", "Apps / Ours / gone")],
        ),
        ("orphaned_template_extensions", {}, []),
        (
            "orphaned_template_extensions",
            {"orphaned_template_extensions": {"ours.Box": "dcim.site"}},
            [("warning", "ours.Box")],
        ),
    ],
)
def test_what_extends_nautobot(found, check, state, expected):
    assert found(f"extensions.{check}", facts(extensions=extensions(**state))) == expected


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("app nautobot_example 2.0.0", True),
        ("app nautobot-example 2.0.0", True),
        ("app nautobot_example 2.0.1", False),
        ("app nautobot_ssot 4.0.1", False),
        ("migration dcim.0001_initial", True),
        ("migration dcim.0002_more", False),
        ("job pkg.Sync", True),
        ("job pkg.Off", False),
        ("job pkg.Gone", False),
        ("job pkg.Never", False),
        ("panel Organization", True),
        ("panel Compliance", False),
        ("page plugins:example:home", True),
        ("page plugins:example:gone", False),
    ],
)
def test_what_was_named_is_there(found, line, there):
    state = facts(
        automation=automation(
            pkg__Sync="installed, enabled, Group / Sync",
            pkg__Off="installed, disabled, Group / Off",
            pkg__Gone="not installed, enabled, Group / Gone",
        ),
        ui_registry=interface(("Organization",), ("plugins:example:home",)),
    )
    shown = found("expectations.unmet", state, expectations=parse_expectations(line))
    assert shown == ([] if there else [("blocker", line)])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({}, []),
        ({"cable_ends": 0, "parent_of_ip_addresses": 0}, []),
        ({"cable_ends": 3}, [("warning", "cable_ends")]),
        ({"cable_ends": 1, "parent_of_ip_addresses": Unavailable("timeout")}, "skipped"),
    ],
)
def test_what_data_migrations_were_to_leave(found, rows, expected):
    assert (
        found("postconditions.violated", facts(postconditions=PostconditionCounts(rows)))
        == expected
    )


def test_where_nothing_was_named_nothing_is_expected(found):
    assert found("expectations.unmet") == "not_applicable"


def test_expectations_are_read_line_by_line():
    text = "app nautobot_ssot  4.0.1\n\n# what we rely on\njob pkg.jobs.Sync  # nightly\n"
    assert [str(one) for one in parse_expectations(text).lines] == [
        "app nautobot_ssot 4.0.1",
        "job pkg.jobs.Sync",
    ]


@pytest.mark.parametrize("line", ["app nautobot_ssot", "Job x", "panel", "anything at all"])
def test_an_expectation_that_says_nothing_is_refused(line):
    with pytest.raises(ExpectationError, match="line 2"):
        parse_expectations(f"job pkg.Job\n{line}")
