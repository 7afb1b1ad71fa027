"""The window of a real upgrade by its own runbook: the commands as they stand there, no others."""

import contextlib
import os
import re
import shutil
import subprocess

import pytest
from django.conf import settings

from development import dumps

from .conftest import CLONE, this_instance
from .upgrading import copy_of

pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.network,
    pytest.mark.skipif(
        (this_instance().version, this_instance().kind) != (dumps.OLDER, "apps"),
        reason="there is no newer line to go to, or there are no Apps",
    ),
]
DATABASE = f"{CLONE}_window"
TARGET = "3.2.7"
SERVICES = """#!/bin/bash
# As much of systemctl and of docker compose as the window asks for.
pids="$STACK_FOLDER/pids"
[ "$1" = compose ] && shift
case "$1" in
start | up)
    for service in "worker --concurrency 1 --pool solo" beat; do
        nautobot-server celery $service >"$STACK_FOLDER/${service%% *}.log" 2>&1 &
        echo $! >>"$pids"
    done
    until [ -e "$STACK_FOLDER/worker-ready" ] && [ -e "$STACK_FOLDER/beat-heartbeat" ]; do
        sleep 0.2
    done
    ;;
stop)
    while read -r pid; do kill "$pid"; tail --pid="$pid" -f /dev/null; done <"$pids"
    rm -f "$pids" "$STACK_FOLDER"/{worker-ready,*heartbeat}
    ;;
esac
"""


@pytest.fixture
def installation(instance, tmp_path):
    """A copy of the whole installation; returns what runs a command in it."""
    made = copy_of(instance, tmp_path).venv
    root = tmp_path / "root"
    shutil.copytree(settings.NAUTOBOT_ROOT, root)
    programs = tmp_path / "programs"
    programs.mkdir()
    shims = {"systemctl": SERVICES, "docker": SERVICES, "sudo": '#!/bin/bash\n"$@"\n'}
    for name, text in shims.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    server = instance.server()
    server.clone(instance.data, DATABASE)
    own = {
        "PATH": os.pathsep.join(
            map(str, (programs, made / "bin", server.binaries, os.environ["PATH"]))
        ),
        "NAUTOBOT_ROOT": str(root),
        "NAUTOBOT_CONFIG": str(root / "nautobot_config.py"),
        "NAUTOBOT_DB_NAME": DATABASE,
        "STACK_FOLDER": str(tmp_path),
        "STACK_CACHE": "8",
        "STACK_BROKER": "9",
    }
    given = {name: one for name, one in os.environ.items() if not name.startswith("CELERY")}

    def run(command):
        return subprocess.run(
            ["bash", "-c", command],
            env=given | own,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    yield run
    with contextlib.suppress(OSError):
        run("systemctl stop")
    server.drop(DATABASE)


def steps_of(runbook):
    """Titles, and the commands below each."""
    for part in re.split(r"^## \d+\. ", runbook, flags=re.MULTILINE)[1:]:
        block = re.search(r"```shell\n(.*?)\n```", part, re.DOTALL)
        yield part.splitlines()[0], block[1].splitlines()


def test_the_runbook_leads_to_go(installation, tmp_path):
    """With Apps of 2.4's day, which all move, too."""
    installation("nautobot-server post_upgrade; systemctl start")
    foreseen = installation(
        f"nautobot-server upgrade_jobs preflight --target {TARGET} --output {tmp_path}"
    )
    assert foreseen.returncode == 0, foreseen.stdout
    plan = (tmp_path / "upgrade-plan.md").read_text()
    for title, commands in steps_of(plan):
        for command in commands:
            done = installation(command)
            print(f"{title}: {command}\n{done.stdout[-2000:]}")
            if " doctor" in command:
                assert "not applied" in done.stdout, done.stdout
            elif " verify" in command:
                verified = done
            else:
                assert done.returncode == 0, f"{command}\n{done.stdout}"
    assert verified.returncode == 0, verified.stdout
