"""A Nautobot that was installed by the documentation alone, without checkout and stack."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from development.dumps import ensure_template
from development.instance import TOKEN, Instance
from development.process import await_server, free_port, run, spawn, terminate
from development.rest import Rest
from development.stack import is_web_ready
from development.venvs import ensure_uv, find_python

APP = "nautobot_upgrade_jobs"
ADMIN = (
    "from nautobot.users.models import Token, User; "
    "user, _ = User.objects.get_or_create(username='newcomer', defaults={'is_superuser': True}); "
    f"Token.objects.update_or_create(key='{TOKEN}', defaults={{'user': user}})"
)


BROKER = """
EVENT_BROKERS = {
    "redis": {
        "CLASS": "nautobot.core.events.RedisEventBroker",
        "TOPICS": {"INCLUDE": ["nautobot.jobs.job.completed"]},
        "OPTIONS": {"url": os.environ["BROKER"]},
    }
}
"""


class Host:
    """A Nautobot with its own environment, root, database and queues, on an instance's servers."""

    def __init__(self, instance: Instance, folder: Path, wheels: Path | None) -> None:
        self.instance = instance
        self.folder = folder
        self.work = folder / "work"
        self.database = f"host_{os.getpid()}_{folder.name}".replace(".", "_").replace("-", "_")
        self.wheels = wheels
        """Folder in which pip finds the App; None leaves it out of the configuration, too."""

    def build(self) -> None:
        """Build the host without installing the App."""
        root = self.folder / "root"
        for name in ("jobs", "media", "static", "git"):
            (root / name).mkdir(parents=True)
        self.work.mkdir()
        config = (self.instance.root / "nautobot_config.py").read_text()
        if self.wheels is None:
            config += f"\nPLUGINS.remove({APP!r})\n"
        else:  # all commands share one build of a target
            builds = self.folder / "builds"
            builds.mkdir(mode=0o700)
            kept = {"work_directory": str(builds), "keep_builds": 2}
            config += f"\nPLUGINS_CONFIG[{APP!r}] = {kept!r}\n"
        (root / "nautobot_config.py").write_text(config + BROKER)
        ensure_template(self.instance, self.instance.data)
        self.instance.server().clone(self.instance.data, self.database)
        python = find_python(self.instance.version)
        run([ensure_uv(), "venv", "-q", "--no-project", "--seed", "--python", python, self.venv])
        words = ["pip", "install", "-q", "--python", self.venv / "bin" / "python"]
        wanted = [f"nautobot=={self.instance.version}", *self.instance.apps.requirements]
        run([ensure_uv(), *words, *wanted], what="installing Nautobot")

    def remove(self) -> None:
        """Drop the database and remove the folder."""
        self.instance.server().drop(self.database)
        shutil.rmtree(self.folder)

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.folder / "venv"

    @property
    def env(self) -> dict[str, str]:
        """The environment variables of its processes."""
        inherited = self.instance.env(self.database)
        programs = (str(self.venv / "bin"), inherited.get("STACK_DB_BINARIES"), os.environ["PATH"])
        env = {
            **inherited,
            "VIRTUAL_ENV": str(self.venv),
            "PATH": os.pathsep.join(filter(None, programs)),
            "NAUTOBOT_ROOT": str(self.folder / "root"),
            "NAUTOBOT_CONFIG": str(self.folder / "root" / "nautobot_config.py"),
            "STACK_FOLDER": str(self.folder),
            "STACK_CACHE": "9",
            "STACK_BROKER": "10",
            # For the commands in the documentation.
            "NAUTOBOT": self.instance.url,
            "TOKEN": TOKEN,
            "BROKER": f"redis://{inherited['NAUTOBOT_REDIS_HOST']}:{inherited['NAUTOBOT_REDIS_PORT']}/11",
        }
        return env if self.wheels is None else {**env, "PIP_FIND_LINKS": str(self.wheels)}

    def shell(
        self, line: str, folder: Path | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a line in a shell that stops at the first error."""
        command = ["bash", "-euo", "pipefail", "-c", line]
        env = {**self.env, **more}
        cwd = folder or self.work
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)

    def must(self, line: str) -> str:
        """Run a line that must succeed; return its output."""
        done = self.shell(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self) -> Iterator[Rest]:
        """Run a web process and a worker; yield a client of a superuser."""
        self.must(f'nautobot-server shell --command "{ADMIN}"')
        port = free_port()
        program = ["env", "-C", str(self.work), str(self.venv / "bin" / "nautobot-server")]
        serve = ["runserver", f"127.0.0.1:{port}", "--noreload", "--insecure"]
        work = ["celery", "worker", "--concurrency", "1", "--loglevel", "INFO"]
        env = {**self.env, "NAUTOBOT_DEBUG": "1"}
        logs = {name: self.folder / f"{name}.log" for name in ("web", "worker")}
        web = spawn([*program, *serve], logs["web"], env=env)
        worker = spawn([*program, *work], logs["worker"], env=env)
        try:
            url = f"http://127.0.0.1:{port}"
            ready = (self.folder / "worker-ready").exists
            await_server(worker, ready, logs["worker"], "the worker", seconds=120)
            await_server(web, lambda: is_web_ready(url), logs["web"], "Nautobot", seconds=120)
            yield Rest(url, TOKEN)
        finally:
            terminate(worker)
            terminate(web)
