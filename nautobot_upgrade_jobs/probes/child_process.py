"""Collect facts in a child process, while this process collects others."""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Callable
from typing import Any


class ChildProcess:
    """A copy of this process, which runs one function and ends."""

    def __init__(self, function: Callable[[], Any]) -> None:
        """Start the child. This process must have no open connection, because both would use it.

        Args:
            function: Returns plain JSON types.
        """
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - wait() closes it
        gc.freeze()  # Otherwise a garbage collection copies the memory that both share.
        self._key = os.fork()
        if self._key == 0:
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
            text = self._output.read()
        if code or not text:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise ChildProcessError(f"its process ended too early, with {how}")
        return json.loads(text)

    def _run(self, function: Callable[[], Any]) -> None:
        code = 1
        try:
            self._output.write(json.dumps(function()).encode())
            self._output.flush()
            code = 0
        finally:
            os._exit(code)  # Skip exit handlers, and whatever would come after this object.
