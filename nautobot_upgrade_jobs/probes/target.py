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

from ..checks.registry import TRIAL_BOOT_TOPICS
from .startup import describe_failure, load_configuration, load_nautobot, set_up_django

TOPICS = (*TRIAL_BOOT_TOPICS, "customizations", "preconditions", "planned_reversal")
"""What is collected of the target."""
OWN_PACKAGE = "nautobot_upgrade_jobs"
"""It runs the configuration, and is on the way of every error in it."""
APP_VARIABLE_NAMES = ("plugin_name", "entry", "app_config")
"""Variables in which Nautobot's and Django's loaders have the App that they work on."""


def run(config: str, statement_timeout_seconds: int, plugins: Sequence[str]) -> dict[str, Any]:
    """Start, collect, and tell."""
    told: dict[str, Any] = {"failure": None, "culprit": "", "facts": {}}
    steps: dict[str, Callable[[], None]] = {
        "import": load_nautobot,
        "configuration": lambda: _load_configuration_read_only(config, statement_timeout_seconds),
        "apps": set_up_django,
    }
    for stage, step in steps.items():
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - SystemExit, too, is what we came for
            told["failure"] = describe_failure(stage, error)
            told["culprit"] = app_to_blame(error, plugins)
            return told
    told["facts"] = _collect_target_facts(statement_timeout_seconds)
    return told


def _load_configuration_read_only(config: str, statement_timeout_seconds: int) -> None:
    if find_spec("django"):  # or else nobody connects
        from ..collect.db.read_only_session import force_read_only_connections

        # The configuration, and the Apps that it loads, are code of others already.
        force_read_only_connections(statement_timeout_seconds)
    load_configuration(config)


def _collect_target_facts(statement_timeout_seconds: int) -> Any:
    from django.db import DatabaseError, connection

    from ..collect import collect_facts
    from ..collect.db.schema_compat import tolerate_older_schema
    from ..facts.serialization import encode

    with contextlib.suppress(DatabaseError):  # the topics will tell
        tolerate_older_schema(connection)
    found = collect_facts(
        topics=TOPICS, statement_timeout_seconds=statement_timeout_seconds, imports_jobs=True
    )
    return encode(found)


def app_to_blame(error: BaseException, plugins: Sequence[str]) -> str:
    """Return the App that an error came from; empty if it came from none.

    The innermost place in an App's own code tells, or else what the loaders were working on.
    """
    loading = ""
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        owner = frame.f_globals.get("__name__", "").partition(".")[0]
        if owner in plugins and owner != OWN_PACKAGE:
            return owner
        for name in APP_VARIABLE_NAMES:
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
