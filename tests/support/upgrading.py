"""Run commands of two releases on one database, as in an upgrade."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from django.core.cache import cache

from development import venvs
from development.instance import Apps
from tests.support.nautobot import CLONE
from tests.support.planted_apps import files_of
from tests.support.wheels import wheel

DATABASE = f"{CLONE}_upgrade"
"""All tests use this name, because an upgrade does not rename the database."""


def run(instance, *words, apps=None, code=0, **environment):
    """Run a command of an instance's environment on the database, with this instance's settings."""
    done = attempt(instance, *words, apps=apps, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def attempt(instance, *words, apps=None, **environment):
    """Run a command like ``run``, with any exit code."""
    cache.clear()  # it may contain content types of another database
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
    """A copy of the environment of an instance."""

    venv: Path
    apps: Apps


def copy_of(instance, folder, *more):
    """Copy the environment of an instance, with pip and more packages in it."""
    made = folder / "venv"
    venvs.copy_packages(instance.venv, made, folder / "frozen.txt", *more)
    return Copy(made, instance.apps)


def schema(server, name):
    """Return the lines of the schema, sorted, so that the order of columns does not matter.

    PostgreSQL 18 names a NOT NULL constraint after its first table. A column that is created again
    in a renamed table has another name for it, which nothing uses.
    """
    text = re.sub(r" CONSTRAINT \S+ NOT NULL", " NOT NULL", server.schema(name))
    lines = (line.rstrip(",") for line in text.splitlines())
    return sorted(line for line in lines if line and not line.startswith(("--", "\\")))


@dataclass(frozen=True)
class PlantedReleases:
    """Two releases of the App ``planted_one``, each with its release of Nautobot."""

    current: Copy
    target: Copy
    environment: dict[str, str]
    """The variables with which commands find both and enable the App."""


def plant_releases(older, instance, folder, files, newer):
    """Install two releases of an App, which are on an index of their own.

    Args:
        older: The instance of the installed release.
        instance: The instance of the target.
        folder: A new folder for the index and the environments.
        files: The modules of the App for the installed release.
        newer: The same for the target.
    """
    index = folder / "index"
    index.mkdir()
    for version, nautobot, modules in (("1.0", "nautobot<3", files), ("2.0", "nautobot>=3", newer)):
        wheel(index, "planted-one", version, nautobot, files=files_of("planted_one", **modules))
    links = ["--find-links", index]
    return PlantedReleases(
        copy_of(older, folder / "current", *links, "planted-one==1.0"),
        copy_of(instance, folder / "target", *links, "planted-one==2.0"),
        {"PIP_FIND_LINKS": str(index), "STACK_APPS": "planted_one"},
    )
