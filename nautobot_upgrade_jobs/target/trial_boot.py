"""Start the target in its own environment, and collect its facts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from ..catalog.data_files import VARIABLE
from ..catalog.loader import used_archive
from ..common.regular_files import read_regular_file
from ..facts import Apps
from ..facts.fingerprints import FingerprintDepth
from ..facts.trial_boot import AppLoadFailure, TrialBoot
from .boot_environment import PACKAGE, build_boot_environment, build_isolated_config
from .boot_result import BootFailed, BootResult, parse_result
from .deadline import Deadline
from .isolation import LiveDatabase
from .isolation.sandbox import Sandbox, open_sandbox, stop_launcher

PACKAGE_ROOT = Path(__file__).parents[1]
PROBE_MODULE = f"{PACKAGE}.probes.target"
CONFIG_FILE = "nautobot_config.py"
RESULT_FILE = "answer.json"
CODE_FOLDER, TEMPORARY_FOLDER = "code", "tmp"
CATALOG_FILE = "catalog.zip"
MAX_RESULT_BYTES = 1 << 25
WATCH_SECONDS = 1
MAX_ERROR_BYTES = 1 << 16
"""Of what a start writes to standard error, only the end is read."""
NOT_IN_ISOLATION = (
    "it does not start in the isolation of the trial boot, which allows no writing and, without "
    "the App's setting allow_network, no network"
)
BOOT_TIMEOUT_MESSAGE = "it was not ready in time ('boot_timeout_seconds')"
SANDBOX_ERRORS = re.compile(
    "read.only (transaction|file system)|(statement|lock) timeout|too many (clients|connections)"
    "|lock wait timeout|lost connection to mysql|mysql server has gone away"
    "|server closed the connection|connection already closed"
    "|transaction characteristics can't be changed"
    "|network is unreachable|name or service not known|failure in name resolution"
    "|the isolation (accepts|refuses)|multiple commands into a prepared statement"
    "|does not support this feature|has no attribute '(lock|delete_pattern|iter_keys|keys|ttl)'"
    "|maximum statement execution time exceeded",
    re.IGNORECASE,
)
"""Errors that the isolation can cause.

Database and files are read-only, the cache is in memory, and there is no network."""


@dataclass(frozen=True)
class LiveInstallation:
    """The live installation. The target uses its configuration and its Apps."""

    config: str
    """Path of the live configuration."""
    apps: Apps
    database_alias: str
    statement_timeout_seconds: int
    database: LiveDatabase
    """The database of ``database_alias``, for a relay."""
    allow_network: bool = False
    """Whether the code of the target may use the network."""
    database_credentials: frozenset[str] = frozenset()
    """Passwords of databases. The target needs none of them if there is a relay."""
    service_credentials: frozenset[str] = frozenset()
    """Passwords of other services that the target does not use, such as cache, broker and mail."""
    depth: FingerprintDepth = "content"
    """Depth of the table fingerprints."""
    topics: tuple[str, ...] = ()
    """The topics that a start of the target collects. Empty for all that describe the target."""


def _find_spec(module: str) -> ModuleSpec | None:
    """Return where this process would import a module from. None if it cannot."""
    try:
        return find_spec(module)
    except (ImportError, ValueError):  # The parent of a dotted name is missing.
        return None


def read_last_line(errors: IO[bytes]) -> str:
    """Return the last line that a process has written to standard error. Empty if none."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - MAX_ERROR_BYTES))
    return errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]


def link_code(folder: Path, apps: Apps) -> None:
    """Create a folder with links to this package, and to Apps that have no distribution."""
    folder.mkdir(parents=True)
    (folder / PACKAGE).symlink_to(PACKAGE_ROOT)
    for app in apps.enabled:
        spec = None if app.distribution or app.module == PACKAGE else _find_spec(app.module)
        for path in (spec and spec.submodule_search_locations) or ():
            (folder / app.module).symlink_to(path)


@dataclass
class TrialBooter:
    """Starts the target, and starts it again without each App that does not load."""

    python: Path
    """The interpreter of the environment."""
    folder: Path
    """The working folder. ``run`` creates it, and the caller removes it.

    A start of the target can only write to a folder of its own. So it leaves nothing that this
    process or a later start would use, such as a link, code or bytecode."""
    live: LiveInstallation
    deadline: Deadline
    topics: Collection[str] = ()
    """The topics to collect. Empty for all that describe the target."""
    _app_load_failures: list[AppLoadFailure] = field(default_factory=list)

    def run(self, target: str, missing: Sequence[str]) -> TrialBoot:
        """Start the target, and return its facts and failures.

        Args:
            target: The release of Nautobot in the environment.
            missing: Apps that are not in the environment.

        Raises:
            BootFailed: The time limit is reached, or the process ends without a result.
        """
        self._prepare_folder()
        with open_sandbox(
            self.folder,
            self.live.database,
            self.live.statement_timeout_seconds,
            allow_network=self.live.allow_network,
        ) as sandbox:
            return self._run_isolated(sandbox, target, missing)

    def _run_isolated(self, sandbox: Sandbox, target: str, missing: Sequence[str]) -> TrialBoot:
        while True:
            without = {*missing, *self._failed_apps}
            result = self._start_once(sandbox, without)
            failure = result.failure
            if failure is None or result.culprit not in self._list_modules(without):
                break
            caused_by_isolation = bool(SANDBOX_ERRORS.search(failure.message))
            self._app_load_failures.append(
                AppLoadFailure(result.culprit, failure, conclusive=not caused_by_isolation)
            )
        if failure and SANDBOX_ERRORS.search(failure.message):
            raise BootFailed(f"{NOT_IN_ISOLATION}: {failure.message}")
        return TrialBoot(
            target=target,
            facts=result.facts,
            app_load_failures=tuple(self._app_load_failures),
            absent_apps=tuple(missing),
            failure=failure,
            isolation=sandbox.isolation,
            config=self.live.config,
        )

    @property
    def _failed_apps(self) -> list[str]:
        return [failure.module for failure in self._app_load_failures]

    def _list_modules(self, without: Collection[str]) -> list[str]:
        return [app.module for app in self.live.apps.enabled if app.module not in without]

    def _prepare_folder(self) -> None:
        """Create the working folder, with links to the code of Apps that have no distribution."""
        link_code(self.folder / CODE_FOLDER, self.live.apps)
        if archive := used_archive():
            shutil.copyfile(archive, self._catalog)

    @property
    def _catalog(self) -> Path:
        """The copy of the catalog's archive, if one is used. The isolation hides the original."""
        return self.folder / CODE_FOLDER / CATALOG_FILE

    def _start_once(self, sandbox: Sandbox, without: Collection[str]) -> BootResult:
        """Start the target once and return the result of its probe."""
        start = self.folder / f"start-{len(self._app_load_failures)}"
        writable = start / "writable"
        (writable / TEMPORARY_FOLDER).mkdir(parents=True)
        text = build_isolated_config(
            self.live.config, self.live.database_alias, without, writable, sandbox.database_folder
        )
        (start / CONFIG_FILE).write_text(text, "utf-8")
        result_file = writable / RESULT_FILE
        last_line = self._run_python(
            sandbox,
            writable,
            [
                *("-m", PROBE_MODULE, str(start / CONFIG_FILE), str(result_file)),
                str(self.live.statement_timeout_seconds),
                str(int(self._remaining_seconds) + 1),
                self.live.depth,
                ",".join(self.topics),
                *self._list_modules(without),
            ],
        )
        try:
            data = read_regular_file(result_file, MAX_RESULT_BYTES)
        except OSError:
            raise BootFailed(f"its process ended during the start: {last_line}") from None
        return parse_result(data, self.python.parents[1])

    @property
    def _timeout_message(self) -> str:
        names = ", ".join(self._failed_apps)
        return (
            f"{BOOT_TIMEOUT_MESSAGE}; it does not start with {names}"
            if names
            else BOOT_TIMEOUT_MESSAGE
        )

    @property
    def _remaining_seconds(self) -> float:
        return self.deadline.remaining

    def _run_python(self, sandbox: Sandbox, writable: Path, words: Sequence[str]) -> str:
        """Run the target's Python, and return the last line that it writes to standard error."""
        if self._remaining_seconds <= 0:
            raise BootFailed(self._timeout_message)
        with (writable.parent / "stderr").open("w+b") as errors:
            process = subprocess.Popen(  # noqa: S603 - the environment that was just built
                sandbox.wrap([str(self.python), *words], writable),
                cwd=writable,
                env=build_boot_environment(
                    os.environ,
                    self.python,
                    self.folder / CODE_FOLDER,
                    writable / TEMPORARY_FOLDER,
                    self._unused_credentials(sandbox),
                )
                | {VARIABLE: str(self._catalog) if self._catalog.exists() else ""},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,  # Not a pipe: a child process could keep it open.
                start_new_session=True,
            )
            try:
                self._wait_for(process)
            finally:
                stop_launcher(process)
            last_line = read_last_line(errors)
        return last_line or f"exit code {process.returncode} without output"

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the process ends. Another thread can end the time limit meanwhile."""
        while True:
            try:
                process.wait(min(self._remaining_seconds, WATCH_SECONDS))
            except subprocess.TimeoutExpired:
                if self._remaining_seconds <= 0:
                    raise BootFailed(self._timeout_message) from None
            else:
                return

    def _unused_credentials(self, sandbox: Sandbox) -> list[str]:
        """Return the passwords that the target does not need, longest first."""
        credentials = self.live.service_credentials - self.live.database_credentials
        if sandbox.isolation.has_relay:
            credentials |= self.live.database_credentials
        return sorted(credentials, key=len, reverse=True)
