"""Unit files in a folder: which of them run this Nautobot, and in which role."""

import pytest

from nautobot_upgrade_jobs.deployment.systemd_units import SUBCOMMAND, find_service_units

GUIDE = """\
[Unit]
Description=Nautobot WSGI Service
After=network-online.target

[Service]
Type=simple
Environment="NAUTOBOT_ROOT={home}"
User=nautobot
Group=nautobot
WorkingDirectory={home}
ExecStart={home}/bin/nautobot-server {arguments}
{more}
[Install]
WantedBy=multi-user.target
"""
WEB = "start --pidfile /var/tmp/nautobot.pid --ini {home}/uwsgi.ini"
WORKER = "celery worker --loglevel INFO --pidfile /var/tmp/nautobot-worker.pid"
BEAT = "celery beat --loglevel INFO --pidfile /var/tmp/nautobot-scheduler.pid"


class UnitFiles:
    """Unit files in two folders, and the Nautobot in `home`."""

    def __init__(self, folder):
        self.home, self.etc, self.lib = (folder / name for name in ("opt/nautobot", "etc", "lib"))
        (self.home / "bin").mkdir(parents=True)

    def __call__(self, units, homes=None, folder=None):
        """Write unit files, and return the units that run this Nautobot."""
        for name, text in units.items():
            path = (folder or self.etc) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return find_service_units(homes or (self.home,), (self.etc, self.lib))


@pytest.fixture
def find(tmp_path):
    return UnitFiles(tmp_path)


def guide(find, arguments, more="", home=None):
    home = home or find.home
    return GUIDE.format(home=home, arguments=arguments.format(home=home), more=more)


def test_units_of_the_installation_guide_have_their_roles(find):
    found = find(
        {
            "nautobot.service": guide(find, WEB),
            "nautobot-worker.service": guide(find, WORKER),
            "nautobot-scheduler.service": guide(find, BEAT),
        }
    )
    assert {unit.name: (unit.role, unit.user) for unit in found} == {
        "nautobot.service": ("web", "nautobot"),
        "nautobot-worker.service": ("worker", "nautobot"),
        "nautobot-scheduler.service": ("beat", "nautobot"),
    }
    assert {unit.program for unit in found} == {f"{find.home}/bin/nautobot-server"}


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("/usr/bin/uwsgi --ini {home}/uwsgi.ini", "web"),
        ("{home}/bin/gunicorn nautobot.core.wsgi", "web"),
        ("-{home}/bin/nautobot-server runserver 0.0.0.0:8001", "web"),
        ("{home}/venv/bin/python3.9 {home}/bin/nautobot-server start", "web"),
        ("/bin/bash -c 'source {home}/bin/activate && nautobot-server celery worker'", "worker"),
        ("{home}/bin/nautobot-server celery worker -B", "worker"),
        ("{home}/bin/nautobot-server rqworker", "worker"),
        ("{home}/bin/celery -A nautobot.core.celery beat", "beat"),
    ],
)
def test_unit_role_follows_from_its_command(find, command, role):
    (unit,) = find({"x.service": f"[Service]\nExecStart={command.format(home=find.home)}\n"})
    assert unit.role == role
    assert not unit.program.startswith("-")


@pytest.mark.parametrize(
    "text",
    [
        "[Service]\nExecStart=/srv/other/bin/nautobot-server start\n",
        "[Service]\nExecStart={home}-old/bin/nautobot-server start\n",
        "[Service]\nExecStart={home}/bin/backup.sh\n",
        "[Service]\nExecStart=/usr/sbin/nginx -c {home}/nginx.conf\n",
        "[Service]\n# ExecStart={home}/bin/nautobot-server start\n",
        "[Service]\nExecStart={home}/bin/nautobot-server start\nExecStart=\n",
        "",
        "no unit file\0",
    ],
)
def test_unit_of_something_else_is_not_found(find, text):
    assert find({"x.service": text.replace("{home}", str(find.home))}) == ()


def test_unit_without_a_user_runs_as_root(find):
    (unit,) = find({"x.service": f"[Service]\nExecStart={find.home}/bin/nautobot-server start\n"})
    assert unit.user == ""


def test_unit_that_names_the_folder_behind_a_link_is_found(find, tmp_path):
    link = tmp_path / "nautobot"
    link.symlink_to(find.home)
    (unit,) = find({"nautobot.service": guide(find, WEB)}, homes=(link,))
    assert unit.role == "web"


def test_unit_in_etc_replaces_the_one_of_the_package(find):
    find({"nautobot.service": guide(find, WEB)}, folder=find.lib)
    (unit,) = find({"nautobot.service": guide(find, WORKER)})
    assert (unit.role, unit.file) == ("worker", f"{find.etc}/nautobot.service")


def test_masked_unit_is_not_found(find):
    find({"nautobot.service": guide(find, WEB)}, folder=find.lib)
    find.etc.mkdir()
    (find.etc / "nautobot.service").symlink_to("/dev/null")
    assert find({}) == ()


def test_drop_in_changes_user_command_and_environment(find):
    drop_in = (
        "[Service]\nUser=netops\nEnvironmentFile=-/etc/nautobot.env\nExecStart=\n"
        f"ExecStart={find.home}/bin/nautobot-server celery beat\n"
    )
    found = find({"x.service": guide(find, WEB), "x.service.d/10-local.conf": drop_in})
    (unit,) = found
    assert (unit.role, unit.user) == ("beat", "netops")
    assert unit.environment_files == ("/etc/nautobot.env",)


def test_instances_of_a_template_are_services(find):
    template = guide(find, "celery worker --queues %i")
    find({"nautobot-worker@.service": template})
    wants = find.etc / "multi-user.target.wants"
    wants.mkdir()
    for queue in ("default", "slow"):
        (wants / f"nautobot-worker@{queue}.service").symlink_to("../nautobot-worker@.service")
    assert [unit.name for unit in find({})] == [
        "nautobot-worker@default.service",
        "nautobot-worker@slow.service",
    ]


def test_unit_name_with_an_escaped_space_is_found(find):
    (unit,) = find({"my\\x20nautobot.service": guide(find, WEB)})
    assert unit.name == "my\\x20nautobot.service"


def test_continued_lines_are_one_command(find):
    text = f"[Service]\nExecStart={find.home}/bin/nautobot-server \\\n    celery \\\n    worker\n"
    (unit,) = find({"x.service": text})
    assert unit.role == "worker"


@pytest.mark.parametrize(
    ("command", "subcommand"),
    [
        ("nautobot-server rqworker", "rqworker"),
        ("nautobot-server --config /etc/nautobot_config.py rqworker", "rqworker"),
        ("nautobot-server --config=/etc/nautobot_config.py celery worker", "celery"),
        ("nautobot-server -c /etc/nautobot_config.py start", "start"),
        ('"/opt/my nautobot/bin/nautobot-server" celery beat', "celery"),
        ("nautobot-server --version", ""),
        ("uwsgi --ini nautobot.ini", ""),
    ],
)
def test_subcommand_is_the_first_word_after_the_options(command, subcommand):
    assert "".join(SUBCOMMAND.findall(command)[:1]) == subcommand
