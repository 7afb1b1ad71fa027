"""Run a program of a database server to its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import RehearsalFailed, shorten_output


def run_command(
    command: Sequence[str],
    seconds: float,
    *,
    failure: str = "",
    environment: Mapping[str, str] | None = None,
    text: str = "",
    **place: Any,
) -> str:
    """Run a program, and return its output.

    Args:
        command: The program and its arguments.
        seconds: It is killed after this time.
        failure: What it means if the program fails. Empty to name the program.
        environment: Its variables, in addition to the path.
        text: Its standard input.
        place: Its folder and its account, as ``subprocess`` names them.

    Raises:
        RehearsalFailed: It failed, with what it has written.
    """
    name = Path(command[0]).name
    if seconds <= 0:
        raise RehearsalFailed(f"{name} did not end in time")
    try:
        done = subprocess.run(  # noqa: S603 - a program of a database server
            [*command],
            env={"LC_ALL": "C", "PATH": os.defpath, **(environment or {})},
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            **place,
        )
    except subprocess.TimeoutExpired:
        raise RehearsalFailed(f"{name} did not end in time") from None
    except OSError as error:
        raise RehearsalFailed(f"{name} cannot be run: {error}") from None
    if done.returncode:
        reason = shorten_output(done.stderr) or f"exit code {done.returncode}"
        raise RehearsalFailed(f"{failure or f'{name} failed'}: {reason}")
    return done.stdout
