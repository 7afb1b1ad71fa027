"""The window, step by step, for each way in which Nautobot is installed."""

import shlex

import pytest

from nautobot_upgrade_jobs.runbook.container_commands import COMPOSE_RUN
from nautobot_upgrade_jobs.runbook.scheduled_fixes import ScheduledFix
from nautobot_upgrade_jobs.runbook.upgrade import UpgradePlan, upgrade_steps
from tests.support.builders import database, runtime

LAYOUTS = {
    "virtualenv": {},
    "system": {"layout": "system"},
    "git checkout": {"layout": "git checkout"},
    "container image": {"layout": "container image", "container": True},
    "release symlink": {
        "layout": "release symlink",
        "prefix": "/opt/my nautobot/venv",
        "symlink": "/opt/my nautobot",
    },
}


def steps(layout="virtualenv", has_constraints=True, wheels="", more=None, **changes):
    here = runtime(**LAYOUTS[layout])
    known = {
        "includes_apps": True,
        "has_constraints": has_constraints,
        "wheel_directory": wheels,
        **(more or {}),
    }
    return upgrade_steps(UpgradePlan(here, database(**changes), "3.2.7", 59, **known))


def commands(found):
    return [command for step in found for command in step.commands]


def place(found, text):
    return next(at for at, command in enumerate(commands(found)) if text in command)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_backup_comes_before_every_change(layout):
    found = steps(layout)
    texts = ("/dev/null", "stop", "snapshot", "--file=before-upgrade", "constraints.txt")
    order = [place(found, text) for text in texts]
    assert order == sorted(order)
    after = ("doctor", "nautobot-server migrate", "verify --before", "post_upgrade", "start")
    order = [place(found[5:], text) for text in after[:-1]]
    assert order == sorted(order)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_one_step_is_irreversible(layout):
    (step,) = [one for one in steps(layout) if one.irreversible]
    inside = f"{COMPOSE_RUN} " if layout == "container image" else ""
    assert step.commands == (f"{inside}nautobot-server migrate",)
    assert "all migrations (59, including those of the Apps)" in step.why


def test_upgrade_steps_without_trial_boot_app_migrations_are_not_counted():
    (step,) = [one for one in steps(more={"includes_apps": False}) if one.irreversible]
    assert "all migrations (59, and those of the Apps)" in step.why


def test_upgrade_steps_without_migrations_have_no_point_of_no_return():
    plan = UpgradePlan(runtime(), database(), "2.4.44", 0, includes_apps=True, has_constraints=True)
    found = upgrade_steps(plan)
    assert not any(step.irreversible for step in found)
    assert "nautobot-server post_upgrade" in commands(found)
    assert "nautobot-server migrate" not in commands(found)


def test_upgrade_steps_with_unknown_migrations_of_apps_keep_the_point_of_no_return():
    plan = UpgradePlan(
        runtime(), database(), "2.4.44", 0, includes_apps=False, has_constraints=True
    )
    assert [step.irreversible for step in upgrade_steps(plan)].count(True) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_scheduled_fix_comes_between_the_packages_and_the_doctor(layout):
    fix = ScheduledFix(
        "The view v uses a column.",
        "Drop the view.",
        shell=("rm file",),
        sql=('DROP VIEW "v";',),
        configuration=("PLUGINS = []",),
    )
    found = steps(layout, more={"scheduled": (fix,)})
    (step,) = [one for one in found if one.title == "Fix what stops the upgrade"]
    assert step.why == "The view v uses a column. Drop the view."
    assert step.commands[:2] == ("# in nautobot_config.py: PLUGINS = []", "rm file")
    assert step.commands[2].endswith("--set=ON_ERROR_STOP=1 --command='DROP VIEW \"v\";'")
    assert place(found, "constraints.txt") < place(found, "rm file") < place(found, "doctor")


@pytest.mark.parametrize(("is_app", "first"), [(True, "Test"), (False, "Install the App")])
def test_upgrade_steps_without_the_app_begin_with_its_installation(is_app, first):
    found = steps(more={"app_installed": is_app})
    assert found[0].title.startswith(first)
    assert len(found) == len(steps()) + (not is_app)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("unknown", "said"), [(("ours==1.0",), True), ((), False)])
def test_upgrade_steps_packages_on_no_index_are_named(layout, unknown, said):
    found = steps(layout, more={"packages_not_in_set": unknown})
    (step,) = [one for one in found if any("constraints.txt" in line for line in one.commands)]
    assert ("ours==1.0: installed from a file or on no index" in step.why) is said


@pytest.mark.parametrize(
    ("layout", "container", "said"),
    [("virtualenv", True, True), ("virtualenv", False, False), ("container image", True, False)],
)
def test_upgrade_steps_environment_inside_a_container_is_explained(layout, container, said):
    here = runtime(layout=layout, container=container)
    found = upgrade_steps(
        UpgradePlan(here, database(), "3.2.7", 59, includes_apps=True, has_constraints=True)
    )
    assert any("removed with it" in step.why for step in found) is said


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_commands_are_valid_shell(layout):
    for command in commands(steps(layout)):
        shlex.split(command, comments=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_have_a_proof(layout):
    kept = "Save the configuration and the name of the image"
    assert [one.title for one in steps(layout) if not (one.verify or one.expected)] == [
        "Test the backup command",  # it proves itself
        *((kept,) if layout == "container image" else ()),
    ]


def test_upgrade_steps_in_an_image_bypass_the_entry_point():
    outside = [one for one in commands(steps("container image")) if not one.startswith(COMPOSE_RUN)]
    assert [one.split()[0] for one in outside] == [
        *("pg_dump", "docker", "pg_dump", "docker", "sed", "#", "docker", "docker")
    ]
    assert (
        f'{COMPOSE_RUN} sh -c \'cp -p "${{NAUTOBOT_ROOT}}"/nautobot_config.py '
        "before-upgrade.nautobot_config.py'"
    ) in commands(steps("container image"))
    assert not any(COMPOSE_RUN in one for one in commands(steps("virtualenv")))


@pytest.mark.parametrize(
    ("media", "command"),
    [
        ("/opt/nautobot/media", "tar -czf before-upgrade-media.tar.gz -C /opt/nautobot media"),
        ("/srv/my files", "tar -czf before-upgrade-media.tar.gz -C /srv 'my files'"),
        ("", None),
    ],
)
def test_upgrade_steps_media_files_are_archived(media, command):
    packed = [one for one in commands(steps(more={"media": media})) if one.startswith("tar")]
    assert packed == ([command] if command else [])
    (backup,) = [one for one in steps(more={"media": media}) if "Back up" in one.title]
    assert ("not in a folder" in backup.why) is (not media)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("virtualenv", "python -m pip install --require-hashes --requirement constraints.txt"),
        ("container image", "docker compose build"),
        ("git checkout", "git checkout v3.2.7"),
        ("release symlink", "ln -sfn '/opt/my nautobot-3.2.7' '/opt/my nautobot'"),
        ("release symlink", "python3 -m venv '/opt/my nautobot-3.2.7/venv'"),
    ],
)
def test_upgrade_steps_follow_the_layout(layout, text):
    assert text in commands(steps(layout))


def test_upgrade_steps_without_constraints_let_pip_resolve():
    assert "python -m pip install --upgrade nautobot==3.2.7" in commands(
        steps(has_constraints=False)
    )


@pytest.mark.parametrize(
    ("vendor", "tool"),
    [("postgresql", "pg_dump"), ("mysql", "mysqldump"), ("mariadb", "mysqldump")],
)
def test_upgrade_steps_backup_uses_the_servers_program(vendor, tool):
    assert any(command.startswith(tool) for command in commands(steps(vendor=vendor)))


def test_upgrade_steps_wheel_directory_replaces_the_index():
    assert (
        "python -m pip install --no-index --find-links='/srv/my wheels' --require-hashes "
        "--requirement constraints.txt"
    ) in commands(steps(wheels="/srv/my wheels"))


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, "pg_dump --format=custom --file=before-upgrade.postgresql nautobot"),
        (
            {"host": "db.example.com", "port": "5433", "account": "my nautobot"},
            "pg_dump --host=db.example.com --port=5433 --username='my nautobot' --format=custom "
            "--file=before-upgrade.postgresql nautobot",
        ),
        (
            {"vendor": "mysql"},
            "mysqldump --single-transaction --routines --no-tablespaces "
            "--loose-set-gtid-purged=OFF --result-file=before-upgrade.mysql nautobot",
        ),
        (
            {"vendor": "mysql", "host": "db.example.com", "account": "nautobot"},
            "mysqldump --host=db.example.com --user=nautobot --single-transaction "
            "--routines --no-tablespaces --loose-set-gtid-purged=OFF "
            "--result-file=before-upgrade.mysql nautobot",
        ),
    ],
)
def test_upgrade_steps_backup_connects_to_the_configured_server(where, text):
    assert text in commands(steps(**where))
