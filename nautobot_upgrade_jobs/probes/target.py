"""Starts the target on the live database, which it cannot write to, and collects its facts.

Run by ``target/boot.py`` in the scratch environment. The answer is a file: Apps print what they
like.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..checks.registry import BOOTED_FROM
from .startup import failure, load_configuration, load_nautobot, set_up

TOPICS = (*BOOTED_FROM, "customizations", "demands", "retreat")
"""What is collected of the target."""
OWN = "nautobot_upgrade_jobs"
"""It runs the configuration, and is on the way of every error in it."""
NAMES_OF_APPS = ("plugin_name", "entry", "app_config")
"""Variables in which Nautobot's and Django's loaders have the App that they work on."""


def run(config: str, statement_timeout_seconds: int, plugins: Sequence[str]) -> dict[str, Any]:
    """Start, collect, and tell."""
    told: dict[str, Any] = {"failure": None, "culprit": "", "facts": {}}
    steps: dict[str, Callable[[], None]] = {
        "import": load_nautobot,
        "configuration": lambda: _configuration(config, statement_timeout_seconds),
        "apps": set_up,
    }
    for stage, step in steps.items():
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - SystemExit, too, is what we came for
            told["failure"] = failure(stage, error)
            told["culprit"] = culprit(error, plugins)
            return told
    told["facts"] = _facts(statement_timeout_seconds)
    return told


def _configuration(config: str, statement_timeout_seconds: int) -> None:
    if find_spec("django"):  # or else nobody connects
        from ..collect.db.read_only_session import keep_every_connection_read_only

        # The configuration, and the Apps that it loads, are code of others already.
        keep_every_connection_read_only(statement_timeout_seconds)
    load_configuration(config)


def _facts(statement_timeout_seconds: int) -> Any:
    from django.db import DatabaseError, connection

    from ..collect import collect_facts
    from ..collect.db.schema_compat import work_on_an_older_database
    from ..facts.codec import encode

    with contextlib.suppress(DatabaseError):  # the topics will tell
        work_on_an_older_database(connection)
    found = collect_facts(
        topics=TOPICS, statement_timeout_seconds=statement_timeout_seconds, imports_jobs=True
    )
    return encode(found)


def culprit(error: BaseException, plugins: Sequence[str]) -> str:
    """Return the App that an error came from; empty if it came from none.

    The innermost place in an App's own code tells, or else what the loaders were working on.
    """
    loading = ""
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        owner = frame.f_globals.get("__name__", "").partition(".")[0]
        if owner in plugins and owner != OWN:
            return owner
        for name in NAMES_OF_APPS:
            value = frame.f_locals.get(name, "")
            module = str(getattr(value, "name", value)).partition(".")[0]
            if module in plugins:
                loading = loading or module
    return loading


if __name__ == "__main__":
    _, _config, _answer, _timeout, _seconds, *_plugins = sys.argv
    signal.alarm(int(_seconds))  # should the run that started it not live any more
    Path(_answer).write_text(json.dumps(run(_config, int(_timeout), _plugins)), "utf-8")
    os._exit(0)  # threads and exit handlers of Apps are nobody's concern
