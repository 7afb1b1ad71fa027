"""Starts the target in its environment, beside the live installation, and takes its facts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..facts import Apps, Facts
from ..facts.serialization import decode
from ..facts.startup import Failure, Frame
from ..facts.trial_boot import AppLoadFailure, TrialBoot
from .uv import kill_process_group

PACKAGE_ROOT = Path(__file__).parents[1]
PACKAGE = "nautobot_upgrade_jobs"
PROBE_MODULE = f"{PACKAGE}.probes.target"
CONFIG_FILE = "nautobot_config.py"
RESULT_FILE = "answer.json"
READ_ONLY_PGOPTIONS = "-c default_transaction_read_only=on"
"""For connections beside Django's, to PostgreSQL."""
BOOT_TIMEOUT_MESSAGE = "it was not ready in time ('boot_timeout_seconds')"
WITHHELD_VARIABLES = frozenset(
    {
        "CELERY_BROKER_READ_URL",
        "CELERY_BROKER_URL",
        "CELERY_BROKER_WRITE_URL",
        "CELERY_RESULT_BACKEND",
        "DJANGO_SETTINGS_MODULE",
        "PROMETHEUS_MULTIPROC_DIR",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "SENTRY_DSN",
        "VIRTUAL_ENV",
    }
)
"""Variables, in any case, that would lead the target to live code, queues, files, monitoring."""
CONFIG_TEMPLATE = """from {package}.target.safe_settings import load_isolated

load_isolated(
    globals(),
    {path!r},
    directory={directory!r},
    scratch={scratch!r},
    without={without!r},
    database_alias={alias!r},
)
"""


SANDBOX_ERRORS = re.compile(
    "read.only transaction|(statement|lock) timeout|too many (clients|connections)"
    "|does not support this feature|has no attribute '(lock|delete_pattern|iter_keys|keys|ttl)'"
    "|maximum statement execution time exceeded",
    re.IGNORECASE,
)
"""Words of errors that are not the target's fault: the database and the cache are kept harmless."""


class BootFailed(Exception):
    """Nobody knows how the target starts; the message says why."""


@dataclass(frozen=True)
class LiveInstallation:
    """What the target is started with."""

    config: str
    """Path of the live configuration."""
    apps: Apps
    database_alias: str
    statement_timeout_seconds: int


@dataclass
class TrialBooter:
    """Starts an environment as often as it takes: without each App that keeps it from starting."""

    python: Path
    """Of the environment."""
    folder: Path
    """To work in; it is made here, and removed by the caller."""
    live: LiveInstallation
    deadline: float
    """Monotonic seconds."""
    _app_load_failures: list[AppLoadFailure] = field(default_factory=list)

    def run(self, target: str, missing: Sequence[str]) -> TrialBoot:
        """Start the environment and return what it is.

        Args:
            target: The release in it.
            missing: Apps that are not in it.

        Raises:
            BootFailed: The time is over, or the process dies without an answer.
        """
        self._prepare_folder()
        while True:
            told = self._start_once({*missing, *self._failed_apps})
            failure = _parse_failure(told["failure"], self.python.parents[1])
            if failure is None or not told["culprit"]:
                break
            ours = bool(SANDBOX_ERRORS.search(failure.message))
            self._app_load_failures.append(
                AppLoadFailure(told["culprit"], failure, conclusive=not ours)
            )
        if failure and SANDBOX_ERRORS.search(failure.message):
            raise BootFailed(f"it does not start where it cannot write: {failure.message}")
        return TrialBoot(
            target=target,
            facts=decode(Facts, told["facts"]) if told["facts"] else Facts(),
            app_load_failures=tuple(self._app_load_failures),
            absent_apps=tuple(missing),
            failure=failure,
            config=self.live.config,
        )

    @property
    def _failed_apps(self) -> list[str]:
        return [one.module for one in self._app_load_failures]

    def _prepare_folder(self) -> None:
        """Put code that no distribution brings where the target finds it."""
        code = self.folder / "code"
        code.mkdir(parents=True)
        (self.folder / "tmp").mkdir()
        (code / PACKAGE).symlink_to(PACKAGE_ROOT)
        for app in self.live.apps.enabled:
            spec = None if app.distribution or app.module == PACKAGE else find_spec(app.module)
            for place in (spec and spec.submodule_search_locations) or ():
                (code / app.module).symlink_to(place)

    def _start_once(self, without: Collection[str]) -> dict[str, Any]:
        """Start the target once."""
        text = CONFIG_TEMPLATE.format(
            package=PACKAGE,
            path=str(Path(self.live.config).absolute()),
            directory=str(Path.cwd()),
            scratch=str(self.folder),
            without=sorted(without),
            alias=self.live.database_alias,
        )
        (self.folder / CONFIG_FILE).write_text(text, "utf-8")
        answer = self.folder / RESULT_FILE
        answer.unlink(missing_ok=True)
        plugins = [one.module for one in self.live.apps.enabled if one.module not in without]
        complaint = self._run_python(
            [
                *("-m", PROBE_MODULE, CONFIG_FILE, RESULT_FILE),
                *(
                    str(self.live.statement_timeout_seconds),
                    str(int(self._remaining_seconds) + 1),
                    *plugins,
                ),
            ]
        )
        try:
            told: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        except (OSError, ValueError):
            raise BootFailed(f"it died as it started: {complaint}") from None
        return told

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
        return self.deadline - time.monotonic()

    def _run_python(self, words: Sequence[str]) -> str:
        """Run the target's Python; return the last line that it said."""
        if self._remaining_seconds <= 0:
            raise BootFailed(self._timeout_message)
        said = self.folder / "stderr"
        with said.open("wb") as stream:
            process = subprocess.Popen(  # noqa: S603 - the environment that was just made
                [str(self.python), *words],
                cwd=self.folder,
                env=self._build_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,  # no pipe: whatever it starts may hold that open
                start_new_session=True,
            )
        try:
            process.wait(self._remaining_seconds)
        except subprocess.TimeoutExpired:
            raise BootFailed(self._timeout_message) from None
        finally:
            kill_process_group(process)
        last = said.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        return last or f"it said nothing and ended with {process.returncode}"

    def _build_environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the environment: the live one, with its secrets, but not its code."""
        own = str(self.python.parent)
        own_code = set(sysconfig.get_paths().values())
        further = (
            path
            for path in given.get("PYTHONPATH", "").split(os.pathsep)
            if path and path not in own_code
        )
        passed = {
            name: one for name, one in given.items() if name.upper() not in WITHHELD_VARIABLES
        }
        return passed | {
            "PATH": f"{own}{os.pathsep}{given.get('PATH', os.defpath)}",
            "PYTHONPATH": os.pathsep.join((str(self.folder / "code"), *further)),
            # That of live files, the configuration's for one, must not be written beside them.
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),
            "TMPDIR": str(self.folder / "tmp"),
            "OTEL_SDK_DISABLED": "true",
            "PGOPTIONS": f"{given.get('PGOPTIONS', '')} {READ_ONLY_PGOPTIONS}".strip(),
        }


def _parse_failure(told: dict[str, Any] | None, environment: Path) -> Failure | None:
    """Return what ended a start, with places as they would be in the environment to come."""
    if told is None:
        return None
    frames = tuple(
        Frame(_strip_environment_path(file, environment), line, function)
        for file, line, function in told["frames"]
    )
    return Failure(told["stage"], told["error"], told["message"], frames)


def _strip_environment_path(file: str, environment: Path) -> str:
    return file.removeprefix(f"{environment}/")
