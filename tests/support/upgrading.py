"""Commands of two releases on one database, as an upgrade has them."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from django.core.cache import cache

from development import venvs
from development.instance import Apps
from tests.support.nautobot import CLONE

DATABASE = f"{CLONE}_upgrade"
"""One name for all, as an upgrade does not rename the database either."""


def run(instance, *words, apps=None, code=0, **environment):
    """Run a command of an instance's environment on the database, with this instance's settings."""
    done = attempt(instance, *words, apps=apps, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def attempt(instance, *words, apps=None, **environment):
    """The same, whatever comes of it."""
    cache.clear()  # it may hold the content types of another database, under other numbers
    binaries = instance.venv / "bin"
    own = {
        "NAUTOBOT_DB_NAME": DATABASE,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "STACK_APPS": ",".join((apps or instance.apps).plugins),
    }
    return subprocess.run(
        [binaries / words[0], *words[1:]],
        env=os.environ | own | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True)
class Copy:
    """An environment beside that of an instance."""

    venv: Path
    apps: Apps


def copy_of(instance, folder, *more):
    """The environment of an instance once more, and more packages in it; pip is in it, too."""
    uv, made = [venvs.ensure_uv(), "-q"], folder / "venv"
    packages = subprocess.check_output([*uv, "pip", "freeze", "--python", instance.venv], text=True)
    folder.mkdir(exist_ok=True)
    (folder / "frozen.txt").write_text(packages)
    subprocess.check_call([*uv, "venv", "--seed", "--python", instance.venv / "bin/python", made])
    words = ["--no-deps", "--python", made, "--requirement", folder / "frozen.txt", *more]
    subprocess.check_call([*uv, "pip", "install", *words])
    return Copy(made, instance.apps)


def schema(server, name):
    """What makes the tables, in no order of columns.

    PostgreSQL 18 names what keeps a column from being empty after the table that it was made in:
    once that is renamed, the same column made again has another name there, which nothing uses.
    """
    text = re.sub(r" CONSTRAINT \S+ NOT NULL", " NOT NULL", server.schema(name))
    lines = (line.rstrip(",") for line in text.splitlines())
    return sorted(line for line in lines if line and not line.startswith(("--", "\\")))
