"""To a newer release and back on one installation, and what became of every table meanwhile."""

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
from nautobot_upgrade_jobs.runbook.server_commands import dump_of
from tests.support.nautobot import CLONE, connected_to
from tests.support.upgrading import schema
from tests.support.window import installation

DATABASE = f"{CLONE}_trip"
COPY = f"{DATABASE}_copy"
KEPT = "before-upgrade"
PASSING = frozenset(
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
"""Tables that a running installation writes to by itself, and that with what is applied."""


@dataclass(frozen=True)
class Trip:
    """What an installation is before, and what it becomes."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    """Requirements."""
    plugins: tuple[str, ...] = ()
    first: str = ""
    """A script of Python, run before everything."""
    work: str = ""
    """The same, run after the upgrade, as a user's work."""
    killed_after: int = 0
    """So many migrations; 0 lets it end."""
    to: str = ""
    """Where to go back to; the snapshot from before if empty."""
    variables: str = ""
    """What the script is told by its environment."""


class Road:
    """An installation on which trips are made one after the other."""

    def __init__(self, instance, run, folder):
        """Keep what is needed to bring it back to where it began."""
        self.instance, self.folder = instance, folder
        self._run = run
        self.server = instance.server()
        self.plugins = ()

    def run(self, command, code=0):
        """Run a command in the installation; it must end as it is to."""
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
            # It gives files the time of their making: collectstatic would take them for old.
            "find venv/lib -path '*/static/*' -type f -exec touch {} +"
        )

    def begin(self, trip):
        """Bring it to where the trip begins, with all that an operator keeps before an upgrade."""
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
        self.run("nautobot-server post_upgrade")  # the caches of groups know these rows, too
        self.run(f"nautobot-server upgrade_jobs snapshot --output {KEPT}")
        with connected_to(DATABASE):
            database = collect_facts(topics=("database",)).database
        dump, _ = dump_of(database, KEPT)
        self.run(
            f"{dump}\n"
            f'tar -czf {KEPT}-media.tar.gz -C "$NAUTOBOT_ROOT" media\n'
            f'cp -p "$NAUTOBOT_ROOT"/nautobot_config.py {KEPT}.nautobot_config.py\n'
            f"python -m pip freeze > {KEPT}.requirements.txt"
        )

    def upgrade(self, trip):
        """Install the newer packages, and migrate as far as it is to go."""
        self.install(*trip.after)
        if not trip.killed_after:
            self.run("nautobot-server post_upgrade")
            if trip.work:
                self.python(trip.work)
                # Or the older release's post_upgrade would be the first to see the new members.
                self.run("nautobot-server refresh_dynamic_group_member_caches")
            return
        until = self._recorded() + trip.killed_after
        with ThreadPoolExecutor() as pool:
            ended = pool.submit(
                self._run, "nautobot-server migrate & echo $! > migrate.pid; wait $!"
            )
            while self._recorded() < until:
                assert not ended.done(), ended.result().stdout[-2000:]
                time.sleep(0.05)
            os.kill(int((self.folder / "migrate.pid").read_text()), signal.SIGKILL)

    def _recorded(self):
        with connected_to(DATABASE), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
            return cursor.fetchone()[0]

    @property
    def backup(self):
        """Name of the file that is the backup."""
        return f"{KEPT}.{self.instance.evidence_source}"

    @property
    def snapshot(self):
        """The file of the state before."""
        return next((self.folder / KEPT).glob("snapshot-*.json.gz"))

    def plan(self, to, *words, code=0):
        """Plan the way back; return the ways, as JSON has them, and the script if there is one."""
        self.run("rm -rf planned")
        options = shlex.join(map(str, ("--to", to, "--output", "planned", *words)))
        self.run(f"nautobot-server upgrade_jobs rollback {options}", code)
        (report,) = (self.folder / "planned").glob("rollback-*.json")
        return json.loads(report.read_text())["ways"], next(self.folder.glob("planned/*.sh"), None)

    def reverse_a_copy(self):
        """Undo the migrations on a copy, by the plan; return what the last call said."""
        self.server.clone(DATABASE, COPY)
        options = shlex.join(("--to", str(self.snapshot), "--way", "reverse", "--output", "copy"))
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
        """Return what makes the tables; nothing where that cannot be dumped in the same words."""
        return (
            schema(self.server, database) if self.instance.evidence_source == "postgresql" else None
        )

    def contents(self):
        """Count the rows of every table, and the values in every column of it."""
        found = {}
        with connected_to(DATABASE), connection.cursor() as cursor:
            quote = connection.ops.quote_name
            for table in sorted(set(connection.introspection.table_names(cursor)) - PASSING):
                described = connection.introspection.get_table_description(cursor, table)
                names = [column.name for column in described]
                counts = ", ".join(["count(*)", *(f"count({quote(name)})" for name in names)])
                cursor.execute(f"SELECT {counts} FROM {quote(table)}")
                rows, *values = cursor.fetchone()
                found[table] = rows
                found |= {f"{table}.{name}": one for name, one in zip(names, values, strict=True)}
        return found


@contextlib.contextmanager
def road(instance, folder):
    """Yield an installation to make trips on."""
    with installation(instance, folder, DATABASE) as run:
        yield Road(instance, run, folder)
    instance.server().drop(COPY)
