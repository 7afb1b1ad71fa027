"""Commands of two releases on one database, as an upgrade has them."""

import os
import subprocess

from django.core.cache import cache

from .conftest import CLONE

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
