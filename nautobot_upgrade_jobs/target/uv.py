"""Run uv within a time limit."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..common.urls import REDACTED, shorten_urls
from .deadline import Deadline

MAX_REASON_LENGTH = 3000
"""Maximum number of characters. A longer explanation is not readable."""
SILENCING_OPTIONS = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-index-annotation")
WATCH_SECONDS = 2
INDEX_TIMEOUT_MESSAGE = "the package index did not answer in time"
INDEX_VARIABLES = frozenset(
    {"UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_URL"}
)
"""Environment variables that contain URLs of indexes."""
NO_SOLUTION = "No solution found"


class Unsolvable(Exception):
    """No package set exists. The message is the resolver's explanation."""


class ResolverFailed(Exception):
    """The resolver gave no result. The message gives the reason without credentials."""


@dataclass(frozen=True)
class UvOutput:
    """The output of uv."""

    text: str
    """Standard output, such as the package set."""
    warnings: str


@dataclass(frozen=True)
class Uv:
    """uv as resolver and installer for one interpreter, in one scratch folder."""

    python: str
    folder: Path
    """The working directory. uv reads its ``uv.toml`` in addition to user and system files."""
    environment: Mapping[str, str]
    deadline: Deadline
    options: tuple[str, ...] = ()
    """Options for every run."""
    timeout_message: str = INDEX_TIMEOUT_MESSAGE
    """Message when the time limit is reached."""

    def compile(self, requirements: Iterable[str], *options: str) -> UvOutput:
        """Return the package set for requirements, from ``uv pip compile``.

        Raises:
            Unsolvable: No set exists.
            ResolverFailed: The index does not answer, the time limit is reached, or uv fails.
        """
        source = self.folder / "requirements.in"
        source.write_text("\n".join(requirements) + "\n", "utf-8")
        words = ["pip", "compile", "--no-header", "--python", self.python]
        # The user's uv.toml can request output that contains credentials.
        silent = [each for each in SILENCING_OPTIONS if each.replace("--no-", "--") not in options]
        return self.run([*words, *silent, *options, source.name])

    def run(self, words: Sequence[str], watch: Callable[[], str] = lambda: "") -> UvOutput:
        """Run uv in the folder. Kill it and its children when the time limit is reached.

        Args:
            words: The command and its options.
            watch: Called regularly. Returns a reason to stop, or an empty text.

        Raises:
            Unsolvable: No set exists.
            ResolverFailed: uv did not finish.
        """
        common = list(self.options)
        if not _is_writable(_cache_folder(self.environment)):
            common += ["--cache-dir", str(self.folder / "cache")]
        try:
            process = subprocess.Popen(  # noqa: S603 - uv with fixed words
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
            output, errors = self._wait_for(process, watch)
        finally:
            kill_process_group(process)
        if process.returncode == 0:
            return UvOutput(output, self._redact_output(errors))
        errors = errors.strip() or f"uv ended with exit code {process.returncode}"
        if process.returncode < 0:
            errors = f"uv was killed by {signal.Signals(-process.returncode).name}"
        reason = self._redact_output(errors)[:MAX_REASON_LENGTH]
        raise (Unsolvable if NO_SOLUTION in errors else ResolverFailed)(reason)

    def _redact_output(self, text: str) -> str:
        """Return output of uv without credentials. Some indexes have credentials in their paths."""
        for name, value in self.environment.items():
            if name in INDEX_VARIABLES:
                for url in re.split(r"[\s,]+", value):
                    parts = urlsplit(url)
                    if parts.scheme and parts.path.strip("/"):
                        host = parts.netloc.rpartition("@")[2]
                        masked = f"{parts.scheme}://{REDACTED}@{host}/{REDACTED}"
                        text = text.replace(url.rstrip("/"), masked)
        return shorten_urls(text)

    def _wait_for(
        self, process: subprocess.Popen[str], watch: Callable[[], str]
    ) -> tuple[str, str]:
        while True:
            seconds = self.deadline.remaining
            if seconds <= 0:
                raise ResolverFailed(self.timeout_message)
            try:
                return process.communicate(timeout=min(seconds, WATCH_SECONDS))
            except subprocess.TimeoutExpired:
                if reason := watch():
                    raise ResolverFailed(reason) from None


def find_interpreter() -> str:
    """Return the Python of this environment. Under uWSGI, ``sys.executable`` is uWSGI."""
    names = (f"python{sys.version_info.major}.{sys.version_info.minor}", "python")
    paths = (Path(sys.prefix, "bin", name) for name in names)
    return next((str(path) for path in paths if path.exists()), sys.executable)


def _find_uv() -> str:
    """Return the path of uv, from its package or from ``PATH``.

    Raises:
        ResolverFailed: uv is not installed. A Git repository of Jobs does not install it.
    """
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        path = shutil.which("uv")
    if not path:
        raise ResolverFailed("uv is not installed: pip install uv")
    return path


def kill_process_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process and its children, if they are still running."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.communicate()


def _cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the cache folder of uv."""
    base = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "/"), ".cache")
    return Path(environment.get("UV_CACHE_DIR") or Path(base, "uv"))


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
