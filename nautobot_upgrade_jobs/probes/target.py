"""Start the target read-only on the live database, and collect its facts.

``target/trial_boot.py`` runs this module in the scratch environment. The result is written to a
file, because Apps may print anything.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from ..checks.registry import TRIAL_BOOT_TOPICS
from ..facts.customizations import IMPORTING_TOPIC
from ..facts.fingerprints import FingerprintDepth, require_depth
from .child_process import ChildProcess
from .startup import (
    describe_failure,
    load_configuration,
    load_migrations,
    load_nautobot,
    set_up_django,
)

TOPICS = (
    *TRIAL_BOOT_TOPICS,
    "customizations",
    "filter_results",
    "preconditions",
    "planned_reversal",
)
"""Topics that are collected in the target."""
SEPARATE_TOPIC = "customizations"
"""It takes longest, and imports Job files, which can end the process that imports them."""
OWN_PACKAGE = "nautobot_upgrade_jobs"
"""This App loads the configuration, so it is in the stack of every error in the configuration."""
GC_THRESHOLD = 100_000
"""New objects before a garbage collection. With Python's 700, a start takes a sixth longer."""
APP_VARIABLE_NAMES = ("plugin_name", "entry", "app_config")
"""Variables in which the loaders of Nautobot and Django keep the App that they load."""


class Reading(NamedTuple):
    """How the rows are read."""

    statement_seconds: int
    """The database ends a query after this time."""
    depth: FingerprintDepth


def run(
    config: str, reading: Reading, topics: Collection[str], plugins: Sequence[str]
) -> dict[str, Any]:
    """Start the target, collect its facts, and return the result."""
    result: dict[str, Any] = {"failure": None, "culprit": "", "facts": {}}
    steps: dict[str, Callable[[], None]] = {
        "import": load_nautobot,
        "configuration": lambda: _load_configuration_read_only(config, reading.statement_seconds),
        "apps": set_up_django,
        "migrations": load_migrations,
    }
    for stage, step in steps.items():
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - any failure is the result, also SystemExit
            result["failure"] = describe_failure(stage, error)
            result["culprit"] = app_to_blame(error, plugins)
            return result
    result["facts"] = _collect_target_facts(reading, topics)
    return result


def _load_configuration_read_only(config: str, statement_timeout_seconds: int) -> None:
    if find_spec("django"):  # Without Django nothing connects.
        from ..collect.db.read_only_session import force_read_only_connections

        # Loading the configuration already runs code of Apps and users.
        force_read_only_connections(statement_timeout_seconds)
    load_configuration(config)


def _collect_target_facts(reading: Reading, topics: Collection[str]) -> Any:
    from django.db import DatabaseError, connection, connections

    from ..collect.db.schema_compat import tolerate_older_schema

    with contextlib.suppress(DatabaseError):  # The topics report the error.
        tolerate_older_schema(connection)
    connections.close_all()  # A child process may not use them.
    if IMPORTING_TOPIC in topics:
        child = ChildProcess(lambda: _collect_jobs(reading.statement_seconds))
        return {**_encode_nothing(), SEPARATE_TOPIC: _wait_for(child)}
    collect = partial(_collect, reading)
    if SEPARATE_TOPIC not in topics:
        return collect(topics)
    child = ChildProcess(lambda: collect((SEPARATE_TOPIC,))[SEPARATE_TOPIC])
    facts = collect([topic for topic in topics if topic != SEPARATE_TOPIC])
    app_code = _collect_app_code()
    facts[SEPARATE_TOPIC] = merge_facts(_wait_for(child), app_code)
    return facts


def _collect(reading: Reading, topics: Collection[str]) -> Any:
    from ..collect import collect_facts
    from ..facts.serialization import encode

    return encode(
        collect_facts(
            topics=topics,
            statement_timeout_seconds=reading.statement_seconds,
            depth=reading.depth,
            imports_jobs=True,
        )
    )


def _encode_nothing() -> Any:
    """Return the facts of a start that collects none."""
    from ..facts import Facts
    from ..facts.serialization import encode

    return encode(Facts())


def _collect_jobs(statement_timeout_seconds: int) -> Any:
    from ..collect.context import Context, attempt
    from ..collect.customizations import inspect_jobs
    from ..collect.db.read_only_session import read_only_session
    from ..facts.serialization import encode

    with read_only_session(statement_timeout_seconds) as connection:
        context = Context(connection, imports_jobs=True)
        return encode(attempt(lambda: inspect_jobs(context), expected=Exception))


def _collect_app_code() -> Any:
    from ..collect.context import attempt
    from ..collect.customizations import inspect_app_code
    from ..facts.serialization import encode

    return encode(attempt(inspect_app_code, expected=Exception))


def _wait_for(child: ChildProcess) -> Any:
    """Return the result of a child, or why it is unavailable."""
    from ..collect.support.redaction import redact_text
    from ..facts import Unavailable
    from ..facts.serialization import encode

    try:
        return child.wait()
    except ChildProcessError as error:
        return encode(Unavailable(redact_text(str(error))))


def merge_facts(one: Any, other: Any) -> Any:
    """Return the facts of two parts of a topic, both as JSON. Only if both parts are known."""
    for part in (one, other):
        if "unavailable" in part:
            return part
    return {
        name: one[name] | other[name] if isinstance(one[name], dict) else one[name] + other[name]
        for name in one
    }


def app_to_blame(error: BaseException, plugins: Sequence[str]) -> str:
    """Return the App that caused an error. Empty if no App did.

    This is the App of the innermost stack frame in the code of an App. If there is no such frame,
    it is the App that was being loaded.
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
    _, _config, _answer, _timeout, _seconds, _depth, _topics, *_plugins = sys.argv
    gc.set_threshold(GC_THRESHOLD)
    signal.alarm(int(_seconds))  # End this process even if its parent was killed.
    _reading = Reading(int(_timeout), require_depth(_depth))
    _result = run(_config, _reading, _topics.split(",") if _topics else TOPICS, _plugins)
    Path(_answer).write_text(json.dumps(_result), "utf-8")
    os._exit(0)  # Skip threads and exit handlers of Apps.
