"""A copy of an installation, on which tests run the steps of a maintenance window."""

import contextlib
import os
import re
import shutil
import subprocess

from django.conf import settings

from tests.support.upgrading import copy_of

SERVICES = """#!/bin/bash
# The parts of systemctl and docker compose that the steps use.
pids="$STACK_FOLDER/pids"
[ "$1" = compose ] && shift
case "$1" in
cat)
    ;;
is-active)
    [ -e "$pids" ]
    exit
    ;;
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
    [ -e "$pids" ] || exit 0
    while read -r pid; do kill "$pid"; tail --pid="$pid" -f /dev/null; done <"$pids"
    rm -f "$pids" "$STACK_FOLDER"/{worker-ready,*heartbeat}
    ;;
esac
"""


@contextlib.contextmanager
def installation(instance, folder, database):
    """Yield a function that runs commands in a copy of an installation with its own database."""
    made = copy_of(instance, folder).venv
    root = folder / "root"
    shutil.copytree(settings.NAUTOBOT_ROOT, root)
    programs = folder / "programs"
    programs.mkdir()
    server = instance.server()
    shims = {"systemctl": SERVICES, "docker": SERVICES, "sudo": '#!/bin/bash\n"$@"\n'}
    shims |= {name: f'#!/bin/bash\n{words} "$@"\n' for name, words in server.programs().items()}
    for name, text in shims.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    server.clone(instance.data, database)
    own = {
        "PATH": os.pathsep.join(map(str, (programs, made / "bin", os.environ["PATH"]))),
        "NAUTOBOT_ROOT": str(root),
        "NAUTOBOT_CONFIG": str(root / "nautobot_config.py"),
        "NAUTOBOT_DB_NAME": database,
        "STACK_FOLDER": str(folder),
        "STACK_CACHE": "8",
        "STACK_BROKER": "9",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CELERY")}

    def run(command):
        return subprocess.run(
            ["bash", "-c", command],
            env=inherited | own,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    try:
        yield run
    finally:
        with contextlib.suppress(OSError):
            run("systemctl stop")
        for name in (database, f"{database}_upgraded"):
            server.drop(name)


def steps_of(runbook):
    """Yield the title and the commands of each step."""
    for part in re.split(r"^## \d+\. ", runbook, flags=re.MULTILINE)[1:]:
        block = re.search(r"```shell\n(.*?)\n```", part, re.DOTALL)
        yield part.splitlines()[0], block[1].splitlines()


def go_through(run, plan):
    """Run every command of an upgrade plan; return the result of its last ``verify``."""
    for title, commands in steps_of(plan):
        for command in commands:
            done = run(command)
            print(f"{title}: {command}\n{done.stdout[-2000:]}")
            if " doctor" in command:
                assert "not applied" in done.stdout, done.stdout
            elif " verify" in command:
                verified = done
            else:
                assert done.returncode == 0, f"{command}\n{done.stdout}"
    return verified
