"""The window, step by step, for each way in which Nautobot is installed."""

import shlex

import pytest

from nautobot_upgrade_jobs.runbook.container_commands import RUN
from nautobot_upgrade_jobs.runbook.upgrade import Window, upgrade_steps
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


def steps(layout="virtualenv", has_set=True, wheels="", more=None, **changes):
    here = runtime(**LAYOUTS[layout])
    known = {"of_apps": True, "has_set": has_set, "wheel_directory": wheels, **(more or {})}
    return upgrade_steps(Window(here, database(**changes), "3.2.7", 59, **known))


def commands(found):
    return [command for step in found for command in step.commands]


def place(found, text):
    return next(at for at, command in enumerate(commands(found)) if text in command)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_changed_before_there_is_a_way_back(layout):
    found = steps(layout)
    texts = ("/dev/null", "stop", "snapshot", "--file=before-upgrade", "constraints.txt")
    order = [place(found, text) for text in texts]
    assert order == sorted(order)
    assert place(found, "doctor") < place(found, "post_upgrade") < place(found, "verify --before")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_step_is_the_point_of_no_return(layout):
    (step,) = [one for one in steps(layout) if one.irreversible]
    inside = f"{RUN} " if layout == "container image" else ""
    assert step.commands == (f"{inside}nautobot-server post_upgrade",)
    assert "all migrations (59, those of the Apps among them)" in step.why


def test_without_the_target_the_migrations_of_apps_are_not_counted():
    (step,) = [one for one in steps(more={"of_apps": False}) if one.irreversible]
    assert "all migrations (59, and those of the Apps)" in step.why


@pytest.mark.parametrize(("is_app", "first"), [(True, "Try"), (False, "Install the App")])
def test_a_repository_of_jobs_has_no_commands_of_its_own(is_app, first):
    found = steps(more={"is_app": is_app})
    assert found[0].title.startswith(first)
    assert len(found) == len(steps()) + (not is_app)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("unknown", "said"), [(("ours==1.0",), True), ((), False)])
def test_what_no_index_has_is_told_where_the_set_is_installed(layout, unknown, said):
    found = steps(layout, more={"unknown": unknown})
    (step,) = [one for one in found if any("constraints.txt" in line for line in one.commands)]
    assert ("ours==1.0: from a file, or in no index" in step.why) is said


@pytest.mark.parametrize(
    ("layout", "container", "said"),
    [("virtualenv", True, True), ("virtualenv", False, False), ("container image", True, False)],
)
def test_an_environment_inside_a_container_goes_with_it(layout, container, said):
    here = runtime(layout=layout, container=container)
    found = upgrade_steps(Window(here, database(), "3.2.7", 59, of_apps=True, has_set=True))
    assert any("goes with it" in step.why for step in found) is said


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_command_is_one_a_shell_can_read(layout):
    for command in commands(steps(layout)):
        shlex.split(command, comments=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_step_can_be_proved(layout):
    kept = "Keep the configuration and the name of the image"
    assert [one.title for one in steps(layout) if not one.verify] == [
        "Try the command of the backup",  # it proves itself
        *((kept,) if layout == "container image" else ()),
    ]


def test_in_an_image_everything_of_nautobot_goes_around_its_entry_point():
    outside = [one for one in commands(steps("container image")) if not one.startswith(RUN)]
    assert [one.split()[0] for one in outside] == [
        *("pg_dump", "docker", "pg_dump", "docker", "sed", "#", "docker", "docker")
    ]
    assert (
        f'{RUN} sh -c \'cp -p "${{NAUTOBOT_ROOT}}"/nautobot_config.py '
        "before-upgrade.nautobot_config.py'"
    ) in commands(steps("container image"))
    assert not any(RUN in one for one in commands(steps("virtualenv")))


@pytest.mark.parametrize(
    ("media", "command"),
    [
        ("/opt/nautobot/media", "tar -czf before-upgrade-media.tar.gz -C /opt/nautobot media"),
        ("/srv/my files", "tar -czf before-upgrade-media.tar.gz -C /srv 'my files'"),
        ("", None),
    ],
)
def test_the_media_files_are_packed_where_they_are(media, command):
    packed = [one for one in commands(steps(more={"media": media})) if one.startswith("tar")]
    assert packed == ([command] if command else [])
    (backup,) = [one for one in steps(more={"media": media}) if "Back up" in one.title]
    assert ("in no folder here" in backup.why) is (not media)


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
def test_the_layout_decides(layout, text):
    assert text in commands(steps(layout))


def test_without_a_set_pip_resolves():
    assert "python -m pip install --upgrade nautobot==3.2.7" in commands(steps(has_set=False))


@pytest.mark.parametrize(
    ("vendor", "tool"),
    [("postgresql", "pg_dump"), ("mysql", "mysqldump"), ("mariadb", "mysqldump")],
)
def test_the_backup_is_the_servers_own(vendor, tool):
    assert any(command.startswith(tool) for command in commands(steps(vendor=vendor)))


def test_a_wheel_directory_takes_the_place_of_the_index():
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
def test_the_backup_is_of_the_server_that_is_configured(where, text):
    assert text in commands(steps(**where))
