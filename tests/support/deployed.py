"""A Nautobot that is deployed in one layout, on the emulator, with its own database."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from development.emulator.cluster import Cluster
from development.emulator.images import copy_environment, tag_image
from development.emulator.machine import MINIMAL_PATH, Machine, write_programs
from development.instance import Instance
from development.process import free_port
from development.venvs import REPOSITORY, ensure_uv

EMULATED = ("systemctl", "docker", "kubectl", "helm")
UNIT = """\
[Service]
Type=simple
User={user}
EnvironmentFile={environment}
WorkingDirectory={root}
ExecStart={command}
"""
UWSGI = """\
[uwsgi]
http = 127.0.0.1:{port}
module = nautobot.core.wsgi:application
master = true
processes = 1
# All replicas of an emulated cluster share one address.
reuse-port = true
die-on-term = true
need-app = true
"""
COMMANDS = {
    "web": "nautobot-server start --ini {root}/uwsgi.ini",
    "worker": "nautobot-server celery worker --concurrency 1 --pool solo",
    "beat": "nautobot-server celery beat",
}
CODE_ONLY = "2.4.43"
"""A release from which the upgrade to the LTM release has no migration."""
TARGET = "2.4.44" if os.environ.get("STACK_VERSION") == CODE_ONLY else "3.2.7"


@dataclass
class Deployed:
    """A deployed Nautobot. The operator's shell has nothing of Nautobot's environment."""

    folder: Path
    instance: Instance
    database: str
    machine: Machine
    port: int

    @property
    def root(self):
        """Its NAUTOBOT_ROOT."""
        return self.folder / "root"

    def shell(self, command, check=True, **variables):
        """Run a command in the operator's shell; return its output."""
        env = self.machine.variables(f"{self.folder / 'programs'}:{MINIMAL_PATH}")
        env |= {
            "EMULATOR_FOLDER": str(self.folder),
            "SYSTEMD_UNIT_PATH": str(self.folder / "units"),
            "PGHOST": "127.0.0.1",
        }
        del env["container"]
        done = subprocess.run(
            ["bash", "-c", command],
            env=env | variables,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print(f"$ {command}\n{done.stdout[-6000:]}")
        assert not check or done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"
        return done.stdout

    def nautobot(self, command, check=True):
        """Run a command as the layout runs commands of Nautobot while its services run."""
        return self.shell(self.in_nautobot(command), check)

    def in_nautobot(self, command):
        """Return a command of the operator that runs a command in Nautobot's environment."""
        raise NotImplementedError

    def variables(self):
        """Return the environment variables of Nautobot's processes."""
        own = {
            "NAUTOBOT_ROOT": str(self.root),
            "NAUTOBOT_CONFIG": str(self.root / "nautobot_config.py"),
            "NAUTOBOT_DB_NAME": self.database,
            "STACK_FOLDER": str(self.folder),
            "STACK_CACHE": "8",
            "STACK_BROKER": "9",
            "STACK_DEPLOYMENT": json.dumps({**self.stated, "url": f"http://127.0.0.1:{self.port}"}),
        }
        names = ("NAUTOBOT_", "STACK_")
        inherited = {key: value for key, value in os.environ.items() if key.startswith(names)}
        return inherited | own

    stated: ClassVar = {}
    """The setting `deployment`."""
    builds_before = False
    """Whether the operator builds the code of the target before the window."""
    keeps_app = True
    """Whether the code of the target contains the App without a step of the operator."""
    in_project = False
    """Whether the scripts run in the folder of the deployment."""

    def set_up(self):
        """Create the files, the environment and the services, and start them."""
        self.root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(settings.NAUTOBOT_ROOT, self.root, dirs_exist_ok=True)
        (self.root / "uwsgi.ini").write_text(UWSGI.format(port=self.port))
        (self.root / "media" / "image.png").write_bytes(b"not really an image")
        write_programs(self.folder / "programs", EMULATED, self.instance.venv / "bin" / "python")
        self.add_database_programs(self.folder / "programs")

    def add_database_programs(self, folder):
        """Write the client programs of the database into a folder."""
        for name, words in self.instance.server().programs().items():
            path = folder / name
            path.write_text(f'#!/bin/sh\n{words} "$@"\n')
            path.chmod(0o755)

    def install_app(self):
        """Install the App into the new code: it is on no index, so the package set lacks it."""

    @staticmethod
    def image(release):
        """Return the name of a release's image."""
        return f"registry.example/netops/nautobot:{release}"

    def web_release(self):
        """Return the release that the web process states on its login page."""
        end = time.monotonic() + 90
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/login/") as response:
                    page = response.read().decode()
                return re.search(r"\?version=([\d.]+)", page)[1]
            except (OSError, TypeError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)


class OnHost(Deployed):
    """A virtual environment under systemd."""

    units: ClassVar = {"nautobot": "web", "nautobot-worker": "worker", "nautobot-scheduler": "beat"}

    @property
    def home(self):
        """The environment, as the units name it."""
        return self.folder / "venv"

    def set_up(self):
        super().set_up()
        self.create_environment()
        environment = self.folder / "nautobot.env"
        lines = [f"{name}='{value}'" for name, value in self.variables().items()]
        environment.write_text("\n".join(lines))
        (self.folder / "units").mkdir()
        for name, role in self.units.items():
            command = COMMANDS[role].format(root=self.root)
            text = UNIT.format(
                user=self.shell("id -un").strip(),
                environment=environment,
                root=self.root,
                command=f"{self.home}/bin/{command}",
            )
            (self.folder / "units" / f"{name}.service").write_text(text)
        self.shell("systemctl start -- " + " ".join(f"'{name}'" for name in self.units))

    def create_environment(self):
        """Install the old release."""
        copy_environment(self.instance.venv, self.home)

    def in_nautobot(self, command):
        setup = f"set -a; . {self.folder}/nautobot.env; set +a"
        return f"{setup}; export PATH={self.home}/bin:$PATH; {command}"


class ReleaseLink(OnHost):
    """A link to the folder of a release, with the operator's files in this folder."""

    keeps_app = False

    @property
    def home(self):
        return self.folder / "opt" / "nautobot"

    @property
    def root(self):
        return self.home

    def create_environment(self):
        """Install the old release into the folder that has the operator's files."""

    def set_up(self):
        folder = self.folder / "opt" / f"nautobot-{self.instance.version}"
        copy_environment(self.instance.venv, folder)
        self.home.symlink_to(folder.name)
        super().set_up()

    def install_app(self):
        install(self.folder / "opt" / f"nautobot-{TARGET}", "--no-deps", "-e", REPOSITORY)


class GitCheckout(OnHost):
    """A checkout of Nautobot's repository, installed as editable."""

    @property
    def checkout(self):
        """The folder of the checkout."""
        return self.folder / "checkout"

    def create_environment(self):
        super().create_environment()
        origin = self.folder / "origin"
        git = f"git -C {origin} -c user.name=t -c user.email=t@example.com"
        self.shell(f"git init --quiet {origin}")
        for release in (self.instance.version, TARGET):
            self._unpack(release, origin)
            self.shell(f"{git} add --all --force && {git} commit --quiet -m {release}")
            self.shell(f"{git} tag v{release}")
        self.shell(f"git clone --quiet --branch v{self.instance.version} {origin} checkout")
        install(self.home, "--no-deps", "-e", self.checkout)

    def _unpack(self, release, folder):
        """Replace the files of a folder by the source of a release."""
        words = ["download", "-q", "--no-deps", "--no-binary", "nautobot", f"nautobot=={release}"]
        subprocess.check_call(
            [self.home / "bin" / "python", "-m", "pip", *words, "-d", self.folder / "source"]
        )
        for entry in folder.iterdir():
            if entry.name != ".git":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        (archive,) = (self.folder / "source").glob(f"nautobot-{release}*")
        self.shell(f"tar -C {folder} --strip-components=1 -xzf {archive}")


class Image(Deployed):
    """Layouts with a container image."""

    def set_up(self):
        super().set_up()
        base = self.folder / "images" / "installed"
        base.parent.mkdir()
        copy_environment(self.instance.venv, base)
        self.add_database_programs(base / "bin")
        tag_image(self.machine, self.image(self.instance.version), base)

    def build_target(self):
        """Build the environment of the target's image, as the operator does before the window."""
        target = self.folder / "images" / "target"
        python = self.folder / "images" / "installed" / "bin" / "python"
        subprocess.check_call([ensure_uv(), "-q", "venv", "--seed", "--python", python, target])
        install(target, "--require-hashes", "-r", self.folder / "constraints.txt")
        install(target, "--no-deps", "-e", REPOSITORY)
        self.add_database_programs(target / "bin")
        return target


class Compose(Image):
    """Services of Docker Compose, with the database's client in its container."""

    keeps_app = False
    in_project = True

    stated: ClassVar = {"layout": "compose", "database_command": "docker compose exec -T db"}

    def set_up(self):
        super().set_up()
        database = self.folder / "images" / "database"
        shutil.copytree(self.folder / "programs", database / "bin")
        tag_image(self.machine, "postgres:18", database)
        (self.folder / "Dockerfile").write_text(f"FROM {self.image(self.instance.version)}\n")
        common = {
            "image": "netops/nautobot:local",
            "build": ".",
            "environment": self.variables(),
        }
        commands = {role: text.format(root=self.root) for role, text in COMMANDS.items()}
        services = {
            "nautobot": {**common, "command": commands["web"]},
            "celery_worker": {**common, "entrypoint": "", "command": commands["worker"]},
            "celery_beat": {**common, "entrypoint": "", "command": commands["beat"]},
            "db": {
                "image": "postgres:18",
                "entrypoint": "",
                "command": "sleep infinity",
                "environment": {"PGHOST": "127.0.0.1", "PGPORT": self.instance.server().port},
            },
        }
        (self.folder / "docker-compose.yml").write_text(json.dumps({"services": services}))
        self.shell("docker compose build && docker compose up --detach")

    def in_nautobot(self, command):
        return f"docker compose exec -T nautobot {command}"

    def install_app(self):
        """Edit the source of the image, as the plan says."""
        tag_image(self.machine, self.image(TARGET), self.build_target())
        (self.folder / "Dockerfile").write_text(f"FROM {self.image(TARGET)}\n")


DEPLOYMENTS = {
    "nautobot-default": "web",
    "nautobot-celery-default": "worker",
    "nautobot-celery-beat": "beat",
}


class Kubernetes(Image):
    """Deployments of a Helm release."""

    builds_before = True
    web_replicas = 1
    limits: ClassVar[dict[str, int]] = {}
    """Limits of the Deployments, such as ``progress_deadline``."""

    stated: ClassVar = {"namespace": "netops", "release": "nautobot"}

    def set_up(self):
        super().set_up()
        cluster = Cluster("netops", self.machine)
        image = self.image(self.instance.version)
        registry, repository, tag = re.fullmatch(r"([^/]+)/(.+):(.+)", image).groups()
        replicas = dict(zip(DEPLOYMENTS, (self.web_replicas, 1, 1), strict=True))
        for name, role in DEPLOYMENTS.items():
            command = COMMANDS[role].format(root=self.root)
            cluster.create_deployment(name, image, command, self.variables(), **self.limits)
        values = {"registry": registry, "repository": repository, "tag": tag}
        with self.machine.state() as state:
            state["releases"] = {
                "nautobot": {
                    "status": "deployed",
                    "chart": "nautobot/nautobot",
                    "version": "3.0.1",
                    "deployments": list(replicas),
                    "replicas": replicas,
                    "values": {f"nautobot.image.{name}": each for name, each in values.items()},
                }
            }
        for name, number in replicas.items():
            self.shell(
                f"kubectl --namespace netops scale --replicas={number} deployment/{name} && "
                f"kubectl --namespace netops rollout status --timeout=5m deployment/{name}"
            )

    def in_nautobot(self, command):
        pods = "kubectl --namespace netops get pods --output name | grep -m 1 default"
        inside = 'kubectl --namespace netops exec "${pod#pod/}" --container nautobot --'
        return f"pod=$({pods}); {inside} {command}"

    def install_app(self):
        tag_image(self.machine, self.image(TARGET), self.build_target())


KINDS = {
    "virtualenv": OnHost,
    "release link": ReleaseLink,
    "git checkout": GitCheckout,
    "compose": Compose,
    "kubernetes": Kubernetes,
}


@contextlib.contextmanager
def deployed(kind, instance, folder, database):
    """Yield a deployed Nautobot whose services run."""
    machine = Machine(folder)
    server = instance.server()
    server.clone(instance.data, database)
    # The stored Jobs get the texts of this App, or a comparison would report them.
    settled = {**os.environ, "NAUTOBOT_DB_NAME": database}
    program = instance.venv / "bin" / "nautobot-server"
    subprocess.run([program, "post_upgrade"], env=settled, check=True, capture_output=True)
    made = kind(folder, instance, database, machine, free_port())
    try:
        made.set_up()
        yield made
    finally:
        machine.shut_down()
        for name in (database, f"{database}_upgraded"):
            server.drop(name)


def install(environment, *words):
    """Install packages into an environment, as the operator does by hand."""
    subprocess.check_call([ensure_uv(), "-q", "pip", "install", "--python", environment, *words])
