"""An installation of Nautobot 1.6.32, whose rows the migrations to 2.x refuse, lose or rename.

It has its own environment and configuration. Its database is on the server of an instance of
another release. ``python -m development.legacy`` in that instance's environment renews the dump.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from string import Template

from .instance import Instance, Server
from .process import StackError, log_message
from .venvs import REPOSITORY, STACK, build, find_python

VERSION = "1.6.32"
FOLDER = STACK / VERSION
STORED = REPOSITORY / "development" / "databases"
ROWS = REPOSITORY / "development" / "legacy_rows.py"
CONFIG = """\
import os

from nautobot.core.settings import *
from nautobot.core.settings_funcs import parse_redis_connection

ALLOWED_HOSTS = ["*"]
SECRET_KEY = "development-only-key-of-the-embedded-stack-0123456789"
INSTALLATION_METRICS_ENABLED = False
JOBS_ROOT = os.path.join(os.path.dirname(__file__), "jobs")
GIT_ROOT = os.path.join(os.path.dirname(__file__), "git")
MEDIA_ROOT = os.path.join(os.path.dirname(__file__), "media")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.$engine",
        "NAME": os.environ["LEGACY_DB_NAME"],
        "HOST": os.environ["NAUTOBOT_DB_HOST"],
        "PORT": os.environ["NAUTOBOT_DB_PORT"],
        "USER": os.environ["NAUTOBOT_DB_USER"],
        "PASSWORD": os.environ["NAUTOBOT_DB_PASSWORD"],
        "OPTIONS": $options,
    }
}
PLUGINS = []
"""


def ensure_installation(version: str = VERSION, engine: str = "postgresql") -> Path:
    """Install a release and write its configuration. Return the path of the configuration."""
    is_mysql = engine == "mysql"
    folder = STACK / (f"{version}-mysql" if is_mysql else version)
    package = f"nautobot[mysql]=={version}" if is_mysql else f"nautobot=={version}"
    build(folder / "venv", find_python("2.4"), (), (package,))
    for name in ("jobs", "git", "media"):
        (folder / name).mkdir(exist_ok=True)
    path = folder / "nautobot_config.py"
    options = {"charset": "utf8mb4"} if is_mysql else {}
    path.write_text(Template(CONFIG).substitute(engine=engine, options=options))
    return path


def find_dump() -> Path:
    """Return the dump of the planted database.

    Raises:
        StackError: There is none.
    """
    found = sorted(STORED.glob(f"{VERSION}-postgresql*-planted.sql.xz"))
    if not found:
        raise StackError("there is no dump of 1.6.32: python -m development.legacy")
    return found[-1]


def run_server(*words: str, database: str, script: str = "") -> str:
    """Run ``nautobot-server`` of the release on a database, and return its output."""
    done = subprocess.run(
        [FOLDER / "venv/bin/nautobot-server", "--config", FOLDER / "nautobot_config.py", *words],
        env={**os.environ, "LEGACY_DB_NAME": database},
        input=script,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise StackError(f"nautobot-server {' '.join(words)}: {done.stderr[-2000:]}")
    return done.stdout


def renew_dump(server: Server) -> Path:
    """Migrate an empty database, plant the rows, and write the dump."""
    name = "legacy_planted"
    ensure_installation()
    server.create(name)
    log_message(f"{VERSION}: migrate")
    run_server("migrate", "--no-input", database=name)
    said = run_server("shell", database=name, script=ROWS.read_text())
    if "planted" not in said:
        raise StackError(f"the rows were not planted: {said[-2000:]}")
    path = STORED / f"{VERSION}-{server.engine}{server.major}-planted.sql.xz"
    server.dump(name, path)
    server.drop(name)
    return path


if __name__ == "__main__":
    instance = Instance(os.environ["STACK_VERSION"], os.environ["STACK_ENGINE"])
    written = renew_dump(instance.server())
    log_message(f"{written.name}: {written.stat().st_size // 1024} kB")
