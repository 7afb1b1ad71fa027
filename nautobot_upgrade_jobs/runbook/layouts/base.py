"""What a layout knows: where commands run, how services stop, and how code is replaced."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ...deployment.known import HOST_LAYOUTS, KnownDeployment
from ...facts import Database, Runtime
from ...facts.manifests import Controller
from ...rollback.package_set import RollbackPlan
from ..server_commands import dump_command, statement_command
from ..steps import Runbook, Step
from ..target_packages import TargetPackages

NextPackages = Literal["target", "previous", "unchanged"]
"""The packages that the services run when they start again."""
STATE_COMMAND = "nautobot-server upgrade_jobs state"
START_SECONDS = 180
"""Longest time that Verify waits for the workers that were just started."""
WHY_STOP = (
    "Old code must not write while the schema changes. The backup does not contain what is "
    "written after it."
)
WHY_START = "Start them together. A service that still runs other code would interfere."
FOLDER_INSTRUCTION = "Run the commands in the folder that contains this plan and its files"


@dataclass(frozen=True)
class Layout(ABC):
    """A deployment of Nautobot, as the steps of a plan see it. Commands are text for a shell."""

    deployment: KnownDeployment
    runtime: Runtime
    database: Database

    @property
    @abstractmethod
    def instructions(self) -> str:
        """Where, and as which user, the operator runs the commands."""

    @property
    def shell_setup(self) -> tuple[str, ...]:
        """The commands that each shell needs before it runs a command of the plan."""
        return ()

    @property
    def server(self) -> Database:
        """The database as its client programs must address it where they run."""
        if self.deployment.value("database_command"):
            return replace(self.database, host="", port="")
        return self.database

    @property
    def python(self) -> str:
        """The minor version of Python, such as ``3.11``."""
        return ".".join(self.runtime.python.split(".")[:2])

    @property
    def is_executable(self) -> bool:
        """Whether all steps are commands, so that a script can run them."""
        return True

    def with_new_code(self) -> Layout:
        """Return the layout whose commands run the code that the plan has installed."""
        return self

    @abstractmethod
    def nautobot(
        self, command: str, *, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()
    ) -> str:
        """Return a command in Nautobot's environment.

        Args:
            command: The command as it runs in the environment.
            reads: Files and folders of the plan's folder that it reads.
            writes: Files and folders that it writes into the plan's folder.
        """

    def plan_file(self, path: str) -> str:
        """Return how the commands name a file of the plan that was given by its path."""
        return path

    def client(self, command: str) -> str:
        """Return a command of the database's own client programs. It uses standard streams."""
        prefix = self.deployment.value("database_command")
        return f"{prefix} {command}" if prefix else command

    def dump(self, stem: str) -> tuple[str, str]:
        """Return the command that dumps the database, and the command that verifies the dump.

        Args:
            stem: File name without its extension.
        """
        dump, proof = dump_command(self.server, stem)
        uses_client = self.server.vendor == "postgresql"
        return self.client(dump), self.client(proof) if uses_client else proof

    def statement(self, sql: str) -> str:
        """Return a command that runs a statement, and that fails if the server refuses it."""
        return self.client(statement_command(self.server, sql))

    def prepare(self) -> Iterator[Step]:
        """Yield the steps that prove the deployment before anything is stopped."""
        yield from ()

    def suspend_controllers(self, controllers: Iterable[Controller]) -> Iterator[Step]:
        """Yield the steps that keep controllers from undoing the upgrade."""
        yield from ()

    def resume_controllers(self, controllers: Iterable[Controller]) -> Iterator[Step]:
        """Yield the steps by which the controllers manage the release again."""
        yield from ()

    @abstractmethod
    def stop_services(self) -> Step:
        """Return the step that stops all services that write to the database."""

    @abstractmethod
    def start_services(self, packages: NextPackages) -> Step:
        """Return the step that starts all services.

        Args:
            packages: Which packages they run from now on.
        """

    @property
    def restarts_in_turn(self) -> bool:
        """Whether new code can be installed while the services run the old code."""
        return False

    def restart_services(self) -> Step:
        """Return the step that restarts running services with the target's packages."""
        return self.start_services("target")

    @abstractmethod
    def save_environment(self) -> Step:
        """Return the step that saves what a rollback without migrations needs."""

    @abstractmethod
    def install(self, target: TargetPackages) -> Iterator[Step]:
        """Yield the steps that install the packages of the target."""

    @abstractmethod
    def restore_environment(self, plan: RollbackPlan) -> Iterator[Step]:
        """Yield the steps that restore all packages and the configuration."""

    @abstractmethod
    def install_older_apps(self, plan: RollbackPlan) -> Iterator[Step]:
        """Yield the steps that install older releases of Apps, and nothing else."""

    def build_runbook(self, steps: Iterable[Step]) -> Runbook:
        """Return a runbook of this layout."""
        on_host = self.deployment.layout in HOST_LAYOUTS
        return Runbook(
            tuple(steps),
            self.instructions,
            self.shell_setup,
            self.deployment.parts,
            self.is_executable,
            self.deployment.seen.host if on_host else "",
            state_command=self.nautobot(STATE_COMMAND),
        )

    def clean_up(self) -> Iterator[Step]:
        """Yield the steps that remove what only the plan needed."""
        yield from ()
