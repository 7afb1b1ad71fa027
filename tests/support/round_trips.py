"""Upgrade one installation, roll it back, and count the values of every table."""

import contextlib
import json
import os
import shlex
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection

from development import venvs
from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.runbook.server_commands import dump_command
from tests.support.nautobot import CLONE, connected_to
from tests.support.rollback_terms import REVERSE_MIGRATIONS, STRATEGY
from tests.support.upgrading import schema
from tests.support.window import installation

DATABASE = f"{CLONE}_trip"
COPY = f"{DATABASE}_copy"
KEPT = "before-upgrade"
VOLATILE = frozenset(
    {
        "django_celery_beat_periodictasks",
        "django_migrations",
        "django_session",
        "extras_fileproxy",
        "extras_jobresult",
        "extras_joblogentry",
        "extras_objectchange",
        "nautobot_database_ready",
    }
)
"""Tables that a running installation or a migration writes to by itself."""


@dataclass(frozen=True)
class Trip:
    """The state of an installation before and after an upgrade."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    """Requirements."""
    plugins: tuple[str, ...] = ()
    first: str = ""
    """A Python script that runs first."""
    work: str = ""
    """A Python script that runs after the upgrade, as the work of users."""
    killed_after: int = 0
    """Number of migrations after which the upgrade is killed; 0 if it is not killed."""
    to: str = ""
    """The rollback target; the snapshot from before the upgrade if empty."""
    variables: str = ""
    """Environment variables of the script."""


class RoundTripRunner:
    """An installation on which round trips run one after the other."""

    def __init__(self, instance, run, folder):
        """Remember the installation."""
        self.instance, self.folder = instance, folder
        self._run = run
        self.server = instance.server()
        self.plugins = ()

    def run(self, command, code=0):
        """Run a command in the installation; it must end with this exit code."""
        done = self._run(f"{self._apps}\n{command}")
        assert done.returncode == code, f"{command}\n{done.stdout[-6000:]}"
        return done.stdout

    def python(self, text):
        """Run a script with Nautobot loaded."""
        (self.folder / "script.py").write_text(text)
        self.run("nautobot-server shell < script.py")

    def install(self, *requirements):
        """Install packages into its environment."""
        words = map(shlex.quote, requirements)
        self.run(
            f"{venvs.ensure_uv()} -q pip install --link-mode copy --python venv {' '.join(words)}\n"
            # uv keeps old modification times, so collectstatic would ignore the new files.
            "find venv/lib -path '*/static/*' -type f -exec touch {} +"
        )

    def begin(self, trip):
        """Install the first state, with the backups that an operator makes before an upgrade."""
        self.plugins = trip.plugins
        for name in (DATABASE, f"{DATABASE}_upgraded", COPY):
            self.server.drop(name)
        self.server.clone(self.instance.data, DATABASE)
        self.run(
            f"rm -rf {KEPT}* planned\n"
            f"{venvs.ensure_uv()} -q pip sync --link-mode copy --python venv frozen.txt"
        )
        self.install("pip", *trip.before)
        self.run("nautobot-server migrate")
        if trip.first:
            self.python(trip.first)
        self.run("nautobot-server post_upgrade")  # updates the group caches, too
        self.run(f"nautobot-server upgrade_jobs snapshot --output {KEPT}")
        with connected_to(DATABASE):
            database = collect_facts(topics=("database",)).database
        dump, _ = dump_command(database, KEPT)
        self.run(
            f"{dump}\n"
            f'tar -czf {KEPT}-media.tar.gz -C "$NAUTOBOT_ROOT" media\n'
            f'cp -p "$NAUTOBOT_ROOT"/nautobot_config.py {KEPT}.nautobot_config.py\n'
            f"python -m pip freeze > {KEPT}.requirements.txt"
        )

    def upgrade(self, trip):
        """Install the newer packages and migrate, or kill the migration on the way."""
        self.install(*trip.after)
        if not trip.killed_after:
            self.run("nautobot-server post_upgrade")
            if trip.work:
                self.python(trip.work)
                # Otherwise the older release's post_upgrade would be the first to add the members.
                self.run("nautobot-server refresh_dynamic_group_member_caches")
            return
        until = self._recorded() + trip.killed_after
        with ThreadPoolExecutor() as pool:
            migration = pool.submit(
                self._run, "nautobot-server migrate & echo $! > migrate.pid; wait $!"
            )
            while self._recorded() < until:
                assert not migration.done(), migration.result().stdout[-2000:]
                time.sleep(0.05)
            os.kill(int((self.folder / "migrate.pid").read_text()), signal.SIGKILL)

    def _recorded(self):
        with connected_to(DATABASE), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
            return cursor.fetchone()[0]

    @property
    def backup(self):
        """Name of the backup file."""
        return f"{KEPT}.{self.instance.engine}"

    @property
    def snapshot(self):
        """The snapshot file from before the upgrade."""
        return next((self.folder / KEPT).glob("snapshot-*.json.gz"))

    def plan(self, to, *words, code=0):
        """Plan the rollback; return its part of the JSON report, and the script if there is one."""
        self.run("rm -rf planned")
        options = shlex.join(map(str, ("--to", to, "--output", "planned", *words)))
        self.run(f"nautobot-server upgrade_jobs rollback {options}", code)
        (report,) = (self.folder / "planned").glob("rollback-*.json")
        decision = json.loads(report.read_text())["rollback"]
        return decision, next(self.folder.glob("planned/*.sh"), None)

    def reverse_a_copy(self):
        """Reverse the migrations on a copy, by the plan; return the completed process."""
        self.server.clone(DATABASE, COPY)
        options = shlex.join(
            ("--to", str(self.snapshot), f"--{STRATEGY}", REVERSE_MIGRATIONS, "--output", "copy")
        )
        self._run(f"{self._apps}\nnautobot-server upgrade_jobs rollback {options}")
        (report,) = (self.folder / "copy").glob("rollback-*.json")
        calls = [
            command
            for step in json.loads(report.read_text())["steps"]
            for command in step["commands"]
            if command.startswith("nautobot-server migrate ")
        ]
        done = self._run(
            f"{self._apps}\nset -e\nexport NAUTOBOT_DB_NAME={COPY}\n" + "\n".join(calls)
        )
        self.run("rm -rf copy")
        return done

    @property
    def _apps(self):
        enabled = ",".join((*self.instance.apps.plugins, *self.plugins))
        return f"export STACK_APPS={shlex.quote(enabled)}"

    def schema(self, database):
        """Return the schema; None on MySQL, whose dumps cannot be compared."""
        return schema(self.server, database) if self.instance.engine == "postgresql" else None

    def count_values(self):
        """Return the number of rows of every table, and of values in every column."""
        numbers = {}
        with connected_to(DATABASE), connection.cursor() as cursor:
            quote = connection.ops.quote_name
            for table in sorted(set(connection.introspection.table_names(cursor)) - VOLATILE):
                described = connection.introspection.get_table_description(cursor, table)
                names = [column.name for column in described]
                counts = ", ".join(["count(*)", *(f"count({quote(name)})" for name in names)])
                cursor.execute(f"SELECT {counts} FROM {quote(table)}")
                rows, *values = cursor.fetchone()
                numbers[table] = rows
                numbers |= {
                    f"{table}.{name}": number for name, number in zip(names, values, strict=True)
                }
        return numbers


@contextlib.contextmanager
def round_trip_runner(instance, folder):
    """Yield an installation for round trips."""
    with installation(instance, folder, DATABASE) as run:
        yield RoundTripRunner(instance, run, folder)
    instance.server().drop(COPY)
