"""Collect facts in a child process, while this process collects others."""

from __future__ import annotations

import gc
import json
import os
import signal
import tempfile
from collections.abc import Callable
from typing import Any

MAX_BYTES = 1 << 25
FAILED = 70
"""The exit code of a child whose function has raised an error."""


class ChildProcess:
    """A copy of this process, which runs one function and ends."""

    def __init__(self, function: Callable[[], Any]) -> None:
        """Start the child. This process must have no open connection, because both would use it.

        Args:
            function: Returns plain JSON types.
        """
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - wait() closes it
        gc.freeze()  # Otherwise a garbage collection copies the memory that both share.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # Ignored children cannot be waited for.
        seconds = signal.alarm(0)
        signal.alarm(seconds)
        self._key = os.fork()
        if self._key == 0:
            signal.alarm(seconds)  # A child does not inherit it.
            self._run(function)

    def wait(self) -> Any:
        """Return what the function returned.

        Raises:
            ChildProcessError: The child has ended without a result.
        """
        _, status = os.waitpid(self._key, 0)
        code = os.waitstatus_to_exitcode(status)
        with self._output:
            self._output.seek(0)
            text = self._output.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ChildProcessError(f"its result is larger than {MAX_BYTES >> 20} MiB")
        if code == FAILED:
            raise ChildProcessError(f"its process failed: {text.decode(errors='replace')}")
        if code or not text:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise ChildProcessError(f"its process ended too early, with {how}")
        return json.loads(text)

    def _run(self, function: Callable[[], Any]) -> None:
        code = 0
        try:
            text = json.dumps(function())
        except BaseException as error:  # noqa: BLE001 - also what ends a process
            text, code = f"{type(error).__name__}: {error}", FAILED
        try:
            self._output.write(text.encode(errors="replace"))
            self._output.flush()
        finally:
            os._exit(code)  # Skip exit handlers, and whatever would come after this object.
