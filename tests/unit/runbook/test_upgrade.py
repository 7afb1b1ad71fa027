"""The window, step by step, for each way in which Nautobot is installed."""

import shlex

import pytest

from nautobot_upgrade_jobs.facts.manifests import Controller
from nautobot_upgrade_jobs.runbook.scheduled_fixes import ScheduledFix
from nautobot_upgrade_jobs.runbook.target_packages import TargetPackages
from nautobot_upgrade_jobs.runbook.upgrade import UpgradePlan, plan_upgrade
from nautobot_upgrade_jobs.upgrade.downtime import Downtime, DowntimeClass
from tests.support.builders import DEPLOYMENTS, database, known, runtime_of

LAYOUTS = [name for name in DEPLOYMENTS if name != "container"]
IMAGES = ("compose", "kubernetes")


def steps(layout="virtualenv", packages=None, more=None, migrations=59, **changes):
    server = database(**changes)
    target = TargetPackages("3.2.7", **{"has_constraints": True, **(packages or {})})
    options = {"includes_apps": True, **(more or {})}
    plan = UpgradePlan(
        runtime_of(layout), known(layout, server), server, target, migrations, **options
    )
    return plan_upgrade(plan).steps


def commands(found):
    return [command for step in found for command in step.commands]


def place(found, text):
    return next(at for at, command in enumerate(commands(found)) if text in command)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_backup_comes_before_every_change(layout):
    found = steps(layout)
    titles = [step.title for step in found]
    order = [
        next(at for at, title in enumerate(titles) if word in title)
        for word in ("Test the backup", "Stop", "Capture", "Back up", "Save the conf", "target")
    ]
    assert order == sorted(order)
    texts = ("doctor", "nautobot-server migrate", "--stopped", "post_upgrade", "--wait")
    order = [place(found, text) for text in texts]
    assert order == sorted(order)


CONTROLLERS = (
    Controller("HelmRelease", "nautobot's", "r.yaml", rollback="upgrade.remediation"),
    Controller("Application", "nautobot", "a.yaml", reverts="selfHeal", namespace="argocd"),
    Controller("Unknown", "other", "u.yaml", reverts="something"),
)


def test_upgrade_steps_suspend_controllers_first_and_resume_them_last():
    found = steps("kubernetes", more={"controllers": CONTROLLERS})
    titles = [step.title for step in found]
    suspended = [title for title in titles if title.startswith("Suspend")]
    assert suspended == ["Suspend HelmRelease nautobot's", "Suspend Application nautobot"]
    assert titles.index(suspended[-1]) < titles.index("Stop web, workers and beat")
    first, second = (step for step in found if step.title in suspended)
    kind = "helmreleases.helm.toolkit.fluxcd.io"
    assert shlex.split(first.commands[0])[4:6] == [kind, "nautobot's"]
    assert "--namespace argocd patch applications.argoproj.io nautobot" in second.commands[0]
    assert found[-1].by_hand
    assert found[-1].title == "Resume HelmRelease nautobot's and Application nautobot"


@pytest.mark.parametrize("layout", ["virtualenv", "compose"])
def test_upgrade_steps_outside_of_a_cluster_suspend_nothing(layout):
    found = steps(layout, more={"controllers": CONTROLLERS})
    assert not [step for step in found if step.by_hand or step.title.startswith("Suspend")]


CODE_ONLY = {"downtime": Downtime(DowntimeClass.CODE_ONLY)}


@pytest.mark.parametrize(
    ("layout", "in_turn"),
    [
        ("release link", True),
        ("compose", True),
        ("kubernetes", True),
        ("virtualenv", False),  # pip replaces the files of running processes
        ("git checkout", False),
    ],
)
def test_upgrade_steps_without_migrations_restart_the_services_in_turn(layout, in_turn):
    found = steps(layout, migrations=0, more=CODE_ONLY)
    assert not [step for step in found if step.irreversible]
    roles = [step.role for step in found]
    assert ("stop" in roles) is not in_turn
    assert roles.count("start") == 1
    text = " ".join(commands(found))
    assert (" stop " in text or "--replicas=0" in text) is not in_turn


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_with_migrations_stop_the_services(layout):
    assert [step.role for step in steps(layout)].count("stop") == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_one_step_is_irreversible(layout):
    (step,) = [one for one in steps(layout) if one.irreversible]
    (command,) = step.commands
    assert command.rstrip("'").endswith("nautobot-server migrate")
    assert (command == "nautobot-server migrate") is (layout not in IMAGES)
    assert "all migrations (59, including those of the Apps)" in step.why


def test_upgrade_steps_without_trial_boot_app_migrations_are_not_counted():
    (step,) = [one for one in steps(more={"includes_apps": False}) if one.irreversible]
    assert "all migrations (59, and those of the Apps)" in step.why


def test_upgrade_steps_without_migrations_have_no_point_of_no_return():
    found = steps(migrations=0)
    assert not any(step.irreversible for step in found)
    assert "nautobot-server post_upgrade" in commands(found)
    assert "nautobot-server migrate" not in commands(found)


def test_upgrade_steps_with_unknown_migrations_of_apps_keep_the_point_of_no_return():
    found = steps(migrations=0, more={"includes_apps": False})
    assert [step.irreversible for step in found].count(True) == 1


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
    by_hand, step = [one for one in found if one.title == "Fix what stops the upgrade"]
    assert by_hand.by_hand
    assert by_hand.commands == ("# in nautobot_config.py: PLUGINS = []",)
    assert step.why == by_hand.why == "The view v uses a column. Drop the view."
    assert step.commands[0] == "rm file"
    assert step.commands[1].endswith("--set=ON_ERROR_STOP=1 --command='DROP VIEW \"v\";'")
    assert place(found, "rm file") < place(found, "doctor")
    installing = ("Install", "Build", "Start a pod of the target", "Switch the link")
    assert found[found.index(by_hand) - 1].title.startswith(installing)


def test_upgrade_steps_scheduled_fix_without_a_command_waits_for_the_operator():
    """A script must not go on as if the problem was gone."""
    fix = ScheduledFix("The target does not start.", "Remove the App from PLUGINS.")
    (step,) = [one for one in steps(more={"scheduled": (fix,)}) if "Fix what" in one.title]
    assert step.by_hand


@pytest.mark.parametrize(("is_app", "first"), [(True, "Test"), (False, "Install the App")])
def test_upgrade_steps_without_the_app_begin_with_its_installation(is_app, first):
    found = steps(more={"app_installed": is_app})
    assert found[0].title.startswith(first)
    assert len(found) == len(steps()) + (not is_app)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("unknown", "said"), [(("ours==1.0",), True), ((), False)])
def test_upgrade_steps_packages_on_no_index_are_named(layout, unknown, said):
    found = steps(layout, packages={"not_in_set": unknown})
    stated = [step for step in found if "ours==1.0: installed from a file" in step.why]
    assert len(stated) == said


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_commands_are_valid_shell(layout):
    for command in commands(steps(layout)):
        shlex.split(command, comments=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upgrade_steps_have_a_proof(layout):
    unproven = [one.title for one in steps(layout) if not (one.verify or one.expected)]
    proving = ("Test the backup command", "Check the ", "Start a pod of the installed", "Delete")
    started = ("Start web", "Set the image") if layout in IMAGES else ()
    assert [title for title in unproven if not title.startswith((*proving, *started))] == []


@pytest.mark.parametrize("layout", IMAGES)
def test_upgrade_steps_in_an_image_bypass_the_entry_point(layout):
    """The entry point of the image would migrate the database."""
    for command in commands(steps(layout)):
        if "nautobot-server" in command or "python -m nautobot" in command:
            assert "--entrypoint ''" in command or "exec nautobot-plan-" in command
        if "--copy-to" in command:
            assert command.endswith("-- sleep infinity")
            assert "--keep-init-containers=false" in command


def test_upgrade_steps_in_compose_leave_variables_to_the_container():
    (save,) = [one for one in commands(steps("compose")) if "NAUTOBOT_ROOT" in one]
    words = shlex.split(save)
    assert words[-1] == (
        'cp -p "${NAUTOBOT_ROOT}"/nautobot_config.py before-upgrade.nautobot_config.py'
    )


def test_upgrade_steps_in_compose_use_the_client_of_the_databases_container():
    found = commands(steps("compose", host="db", port="5432", account="nautobot"))
    assert (
        "docker compose exec -T db pg_dump --username=nautobot --format=custom nautobot "
        "> before-upgrade.postgresql"
    ) in found
    found = commands(steps("compose", host="db.example.com"))
    assert any(one.startswith("pg_dump --host=db.example.com") for one in found)


def test_upgrade_steps_in_kubernetes_copy_files_in_and_out():
    (snapshot,) = [one for one in commands(steps("kubernetes")) if "jobs snapshot" in one]
    assert snapshot.endswith(
        "exec nautobot-plan-2-4-44 --container nautobot -- "
        "tar -C /tmp/window -cf - before-upgrade | tar -xf - )"
    )
    first, *_ = [one for one in commands(steps("kubernetes")) if "jobs verify" in one]
    assert first.startswith("( tar -cf - before-upgrade | kubectl --namespace netops exec --stdin ")
    assert "nautobot-plan-next" in first


def test_upgrade_steps_in_an_unknown_container_have_no_command_for_its_services():
    found = {step.title: step for step in steps("container")}
    for title in ("Stop web, workers and beat", "Build the image of the target"):
        assert found[title].commands == ()
        assert "It is unknown what runs this container" in found[title].why
    assert not any("systemctl" in one or "docker" in one for one in commands(found.values()))


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
        ("virtualenv", "sudo systemctl stop -- nautobot nautobot-worker nautobot-scheduler"),
        ("compose", "docker compose build"),
        ("compose", "docker compose stop nautobot celery_worker celery_beat"),
        ("git checkout", "git -C /opt/nautobot checkout v3.2.7"),
        ("release link", "ln -sfn '/opt/my nautobot-3.2.7' '/opt/my nautobot'"),
        ("release link", "python3.11 -m venv '/opt/my nautobot-3.2.7/venv'"),
        (
            "release link",
            "tar -C '/opt/my nautobot-2.4.44' -cf - media nautobot_config.py uwsgi.ini | "
            "tar -C '/opt/my nautobot-3.2.7' -xf -",
        ),
    ],
)
def test_upgrade_steps_follow_the_layout(layout, text):
    assert text in commands(steps(layout))


def test_upgrade_steps_without_constraints_let_pip_resolve():
    assert "python -m pip install --upgrade nautobot==3.2.7" in commands(
        steps(packages={"has_constraints": False})
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
    ) in commands(steps(packages={"wheel_directory": "/srv/my wheels"}))


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, "pg_dump --format=custom nautobot > before-upgrade.postgresql"),
        (
            {"host": "db.example.com", "port": "5433", "account": "my nautobot"},
            "pg_dump --host=db.example.com --port=5433 --username='my nautobot' --format=custom "
            "nautobot > before-upgrade.postgresql",
        ),
        (
            {"vendor": "mysql"},
            "mysqldump --single-transaction --routines --no-tablespaces "
            "--loose-set-gtid-purged=OFF nautobot > before-upgrade.mysql",
        ),
        (
            {"vendor": "mysql", "host": "db.example.com", "account": "nautobot"},
            "mysqldump --host=db.example.com --user=nautobot --single-transaction "
            "--routines --no-tablespaces --loose-set-gtid-purged=OFF nautobot "
            "> before-upgrade.mysql",
        ),
    ],
)
def test_upgrade_steps_backup_connects_to_the_configured_server(where, text):
    assert text in commands(steps(**where))
