"""Commands inside a container image, and on the host."""

import shlex

import pytest

from nautobot_upgrade_jobs.runbook.container_commands import (
    COMPOSE_RUN,
    config_path,
    for_runtime,
    wrap_command,
)
from nautobot_upgrade_jobs.runbook.steps import Step
from tests.support.builders import runtime

IMAGE = runtime(layout="container image", container=True)


@pytest.mark.parametrize(
    ("command", "in_container"),
    [
        ("nautobot-server post_upgrade", True),
        ("python -m nautobot_upgrade_jobs doctor", True),
        ("tar -czf a.tgz -C /opt media", True),
        ("pg_dump --file=a nautobot", False),
        ("docker compose pull", False),
        ("test -s before-upgrade.postgresql", False),
        ("echo nautobot-server", False),
    ],
)
def test_wrap_command_runs_what_needs_nautobot_in_a_container(command, in_container):
    expected = f"{COMPOSE_RUN} {command}" if in_container else command
    assert wrap_command(command, IMAGE) == expected
    assert wrap_command(command, runtime()) == command


def test_wrap_command_leaves_the_variable_to_the_shell_of_the_container():
    wrapped = wrap_command('cp -p "$NAUTOBOT_ROOT"/nautobot_config.py kept.py', IMAGE)
    assert shlex.split(wrapped)[-1] == 'cp -p "${NAUTOBOT_ROOT}"/nautobot_config.py kept.py'


def test_for_runtime_wraps_the_commands_and_the_proof():
    step = Step(
        "Migrate", "…", ("nautobot-server migrate",), verify="nautobot-server showmigrations"
    )
    wrapped = for_runtime(step, IMAGE)
    assert wrapped.commands[0].startswith(COMPOSE_RUN)
    assert wrapped.verify.startswith(COMPOSE_RUN)
    assert for_runtime(step, runtime()) == step


ELSEWHERE = runtime(config_file="/etc/nautobot/my config.py")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "nautobot-server migrate",
            "NAUTOBOT_CONFIG='/etc/nautobot/my config.py' nautobot-server migrate",
        ),
        ("python -m pip freeze", "python -m pip freeze"),
    ],
)
def test_commands_use_a_configuration_in_another_place(command, expected):
    assert wrap_command(command, ELSEWHERE) == expected


def test_configuration_in_another_place_is_saved_from_there():
    assert config_path(ELSEWHERE) == "'/etc/nautobot/my config.py'"
    assert config_path(runtime()) == '"$NAUTOBOT_ROOT"/nautobot_config.py'
