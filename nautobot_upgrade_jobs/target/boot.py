"""Starts the target in its environment, beside the live installation, and takes its facts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..facts import Apps, Facts
from ..facts.booted import Booted, Refusal
from ..facts.codec import decode
from ..facts.startup import Failure, Frame
from .uv import end

OWN = Path(__file__).parents[1]
PACKAGE = "nautobot_upgrade_jobs"
PROBE = f"{PACKAGE}.target_probe"
CONFIG = "nautobot_config.py"
ANSWER = "answer.json"
TOO_LATE = "it was not ready in time ('boot_timeout_seconds')"
NOT_PASSED = frozenset(
    {
        "DJANGO_SETTINGS_MODULE",
        "PROMETHEUS_MULTIPROC_DIR",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "SENTRY_DSN",
        "VIRTUAL_ENV",
    }
)
"""Variables that would lead the target to live code, live files or somebody's monitoring."""
CONFIG_TEXT = """from {package}.target.harmless import load

load(globals(), {path!r}, scratch={scratch!r}, without={without!r}, database_alias={alias!r})
"""


class BootFailed(Exception):
    """Nobody knows how the target starts; the message says why."""


@dataclass(frozen=True)
class Live:
    """What the target is started with."""

    config: str
    """Path of the live configuration."""
    apps: Apps
    database_alias: str
    statement_timeout_seconds: int


@dataclass
class Boot:
    """Starts an environment as often as it takes: without each App that keeps it from starting."""

    python: Path
    """Of the environment."""
    folder: Path
    """To work in; it is made here, and removed by the caller."""
    live: Live
    deadline: float
    """Monotonic seconds."""
    _refusals: list[Refusal] = field(default_factory=list)

    def run(self, target: str, missing: Sequence[str]) -> Booted:
        """Start the environment and return what it is.

        Args:
            target: The release in it.
            missing: Apps that are not in it.

        Raises:
            BootFailed: The time is over, or the process dies without an answer.
        """
        self._lay_out()
        while True:
            told = self._try({*missing, *(one.module for one in self._refusals)})
            failure = _failure(told["failure"], self.python.parents[1])
            if failure is None or not told["culprit"]:
                break
            self._refusals.append(Refusal(told["culprit"], failure))
        return Booted(
            target=target,
            facts=decode(Facts, told["facts"]) if told["facts"] else Facts(),
            refusals=tuple(self._refusals),
            missing=tuple(missing),
            failure=failure,
            config=self.live.config,
        )

    def _lay_out(self) -> None:
        """Put code that no distribution brings where the target finds it."""
        code = self.folder / "code"
        code.mkdir(parents=True)
        (self.folder / "tmp").mkdir()
        (code / PACKAGE).symlink_to(OWN)
        for app in self.live.apps.enabled:
            spec = None if app.distribution or app.module == PACKAGE else find_spec(app.module)
            for place in (spec and spec.submodule_search_locations) or ():
                (code / app.module).symlink_to(place)

    def _try(self, without: Collection[str]) -> dict[str, Any]:
        """Start the target once."""
        text = CONFIG_TEXT.format(
            package=PACKAGE,
            path=self.live.config,
            scratch=str(self.folder),
            without=sorted(without),
            alias=self.live.database_alias,
        )
        (self.folder / CONFIG).write_text(text, "utf-8")
        answer = self.folder / ANSWER
        answer.unlink(missing_ok=True)
        plugins = [one.module for one in self.live.apps.enabled if one.module not in without]
        complaint = self._run(
            [
                *("-m", PROBE, CONFIG, ANSWER),
                *(str(self.live.statement_timeout_seconds), str(int(self._seconds) + 1), *plugins),
            ]
        )
        try:
            told: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        except (OSError, ValueError):
            raise BootFailed(f"it died as it started: {complaint}") from None
        return told

    @property
    def _seconds(self) -> float:
        return self.deadline - time.monotonic()

    def _run(self, words: Sequence[str]) -> str:
        """Run the target's Python; return the last line that it said."""
        if self._seconds <= 0:
            raise BootFailed(TOO_LATE)
        process = subprocess.Popen(  # noqa: S603 - the environment that was just made
            [str(self.python), *words],
            cwd=self.folder,
            env=self._variables(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            _, complaint = process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise BootFailed(TOO_LATE) from None
        finally:
            end(process)
        last = complaint.strip().rpartition("\n")[2][:300]
        return last or f"it said nothing and ended with {process.returncode}"

    def _variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the environment: the live one, with its secrets, but not its code."""
        own = str(self.python.parent)
        further = (
            path
            for path in given.get("PYTHONPATH", "").split(os.pathsep)
            if path and not Path(path).is_relative_to(sys.prefix)
        )
        return {name: value for name, value in given.items() if name not in NOT_PASSED} | {
            "PATH": f"{own}{os.pathsep}{given.get('PATH', os.defpath)}",
            "PYTHONPATH": os.pathsep.join((str(self.folder / "code"), *further)),
            # That of live files, the configuration's for one, must not be written beside them.
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),
            "TMPDIR": str(self.folder / "tmp"),
            "OTEL_SDK_DISABLED": "true",
        }


def _failure(told: dict[str, Any] | None, environment: Path) -> Failure | None:
    """Return what ended a start, with places as they would be in the environment to come."""
    if told is None:
        return None
    frames = tuple(
        Frame(_short(file, environment), line, function) for file, line, function in told["frames"]
    )
    return Failure(told["stage"], told["error"], told["message"], frames)


def _short(file: str, environment: Path) -> str:
    return file.removeprefix(f"{environment}/")
