"""Runs ``uv pip compile``, within a time limit, without building anything."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..common.urls import REDACTED, mask_url_credentials

MAX_REASON_LENGTH = 3000
"""Characters; a proof of many steps helps nobody."""
SILENCING_OPTIONS = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-index-annotation")
WATCH_SECONDS = 2
INDEX_TIMEOUT_MESSAGE = "the package index did not answer in time"
INDEX_VARIABLES = frozenset(
    {"UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_URL"}
)
"""Variables that hold addresses of indexes."""
NO_SOLUTION = "No solution found"


class Unsolvable(Exception):
    """There is no set; the message is the resolver's explanation."""


class ResolverFailed(Exception):
    """Nobody knows whether there is a set; the message says why, free of credentials."""


@dataclass(frozen=True)
class UvOutput:
    """What uv printed."""

    text: str
    """The set."""
    warnings: str


@dataclass(frozen=True)
class Uv:
    """The resolver for one interpreter, in one scratch folder."""

    python: str
    folder: Path
    """Its ``uv.toml`` is read, beside the configuration of the user and of the system."""
    environment: Mapping[str, str]
    deadline: float
    """Monotonic seconds."""
    options: tuple[str, ...] = ()
    """Words for every run."""
    timeout_message: str = INDEX_TIMEOUT_MESSAGE
    """What to say when the time is over."""

    def compile(self, requirements: Iterable[str], *options: str) -> UvOutput:
        """Return what ``uv pip compile`` says to these requirements.

        Raises:
            Unsolvable: There is no set.
            ResolverFailed: The index cannot be reached, the time is over, or uv itself fails.
        """
        asked = self.folder / "requirements.in"
        asked.write_text("\n".join(requirements) + "\n", "utf-8")
        words = ["pip", "compile", "--no-header", "--python", self.python]
        # What the user's own uv.toml wants to be shown may hold credentials.
        silent = [one for one in SILENCING_OPTIONS if one.replace("--no-", "--") not in options]
        return self.run([*words, *silent, *options, asked.name])

    def run(self, words: Sequence[str], watch: Callable[[], str] = lambda: "") -> UvOutput:
        """Run uv in the folder, and end it with its children when its time is over.

        Args:
            words: What to do.
            watch: Asked every now and then; says why to stop, or nothing.

        Raises:
            Unsolvable: There is no set.
            ResolverFailed: It did not come to its end.
        """
        common = list(self.options)
        if not _is_writable(_cache_folder(self.environment)):
            common += ["--cache-dir", str(self.folder / "cache")]
        try:
            process = subprocess.Popen(  # noqa: S603 - uv, with words of our own
                [_find_uv(), *words, *common],
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise ResolverFailed(f"uv does not run: {error}") from None
        try:
            output, complaint = self._wait_for(process, watch)
        finally:
            kill_process_group(process)
        if process.returncode == 0:
            return UvOutput(output, self._redact_output(complaint))
        complaint = complaint.strip() or f"uv ended with {process.returncode}"
        if process.returncode < 0:  # whatever it said before
            complaint = f"uv was ended by {signal.Signals(-process.returncode).name}"
        reason = self._redact_output(complaint)[:MAX_REASON_LENGTH]
        raise (Unsolvable if NO_SOLUTION in complaint else ResolverFailed)(reason)

    def _redact_output(self, text: str) -> str:
        """Return what uv says without credentials; some indexes have them in their paths."""
        for name, value in self.environment.items():
            if name in INDEX_VARIABLES:
                for url in re.split(r"[\s,]+", value):
                    place = urlsplit(url)
                    if place.scheme and place.path.strip("/"):
                        text = text.replace(
                            url.rstrip("/"),
                            f"{place.scheme}://{REDACTED}@{place.netloc.rpartition('@')[2]}/{REDACTED}",
                        )
        return mask_url_credentials(text)

    def _wait_for(
        self, process: subprocess.Popen[str], watch: Callable[[], str]
    ) -> tuple[str, str]:
        while True:
            seconds = self.deadline - time.monotonic()
            if seconds <= 0:
                raise ResolverFailed(self.timeout_message)
            try:
                return process.communicate(timeout=min(seconds, WATCH_SECONDS))
            except subprocess.TimeoutExpired:
                if reason := watch():
                    raise ResolverFailed(reason) from None


def find_interpreter() -> str:
    """Return the Python of this environment; under uWSGI ``sys.executable`` is another program."""
    names = (f"python{sys.version_info.major}.{sys.version_info.minor}", "python")
    own = (Path(sys.prefix, "bin", name) for name in names)
    return next((str(path) for path in own if path.exists()), sys.executable)


def _find_uv() -> str:
    """Return uv: that of the package of this name, or else one on the path.

    Raises:
        ResolverFailed: There is none; a Git repository of Jobs brings no packages.
    """
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if not found:
        raise ResolverFailed("uv is not installed: pip install uv")
    return found


def kill_process_group(process: subprocess.Popen[Any]) -> None:
    """End a process and its children, whichever still runs."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.communicate()


def _cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder in which uv keeps what it has fetched."""
    base = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "/"), ".cache")
    return Path(environment.get("UV_CACHE_DIR") or Path(base, "uv"))


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
