"""Run the management command in this process; ``nautobot-server`` starts in 6 to 12 s."""

import contextlib
import io
import os
import subprocess
from typing import NamedTuple


class Done(NamedTuple):
    """The result of a command, with the names of ``subprocess.CompletedProcess``."""

    returncode: int
    stdout: str
    stderr: str


def run_command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``nautobot-server upgrade_jobs`` with these words, in a process of its own."""
    return run_server("upgrade_jobs", *words, **environment)


def run_server(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``nautobot-server`` with these words, in a process of its own."""
    return subprocess.run(
        ["nautobot-server", *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def upgrade_jobs(*words: str) -> Done:
    """Run ``nautobot-server upgrade_jobs`` with these words, as the shell would."""
    from nautobot_upgrade_jobs.management.commands.upgrade_jobs import Command

    code, out, err = 0, io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            Command().run_from_argv(["nautobot-server", "upgrade_jobs", *words])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            err.write(end.code if isinstance(end.code, str) else "")
    return Done(code, out.getvalue(), err.getvalue())
