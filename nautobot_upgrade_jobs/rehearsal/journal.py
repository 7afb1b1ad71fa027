"""Read what a process on the copy has reported. Foreign code can have written anything."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..common.text import escape_surrogates
from ..facts.rehearsal import (
    CodeFailure,
    MigrateRun,
    MigrationRun,
    PageFailure,
    Pages,
    StepRun,
)
from ..facts.startup import Failure
from ..target.boot_result import parse_failure
from .child import ENDED, Event
from .errors import RehearsalFailed

MAX_TEXT = 4000
MAX_NAMES = 50
MAX_PAGES = 1000
SHORTAGES = ("53", "57P", "08")
"""Classes of SQLSTATE: a full disk or memory, a server that shuts down, a lost connection. The copy
has a server and a disk of its own, so the live upgrade need not meet them."""


def read_migrate_run(
    events: Iterable[Event], steps: Collection[str], seconds: float, environment: Path
) -> MigrateRun:
    """Return what a process has done.

    Args:
        events: The events that it has reported.
        steps: The steps after ``migrate`` that it had to run. Any other failure is a stop.
        seconds: How long it ran.
        environment: The folder of its environment. File names are shown relative to it.

    Raises:
        RehearsalFailed: An event has another form.
    """
    with _known_form():
        return _read(tuple(events), steps, seconds, environment)


def read_pages(events: Iterable[Event], environment: Path) -> Pages:
    """Return the pages that a process has opened.

    Args:
        events: The events that it has reported.
        environment: The folder of its environment. File names are shown relative to it.

    Raises:
        RehearsalFailed: It opened none, or an event has another form.
    """
    with _known_form():
        return _read_pages(tuple(events), environment)


@contextlib.contextmanager
def _known_form() -> Iterator[None]:
    """Turn the errors of a reader into one that says that the report has another form."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise RehearsalFailed(f"its report has an unknown form ({type(error).__name__})") from None


def _read_pages(events: tuple[Event, ...], environment: Path) -> Pages:
    opened = [_text(each["name"]) for each in events if each["event"] == "open"]
    failed = [
        PageFailure(_text(each["name"]), parse_failure(each["failure"], environment))
        for each in events
        if each["event"] == "page"
    ][:MAX_PAGES]
    for failure in _read_failures(events, environment):
        if not opened:
            raise RehearsalFailed(failure.text)
        reason = f"{failure.text}, and no page after it was opened"
        failed.append(PageFailure(opened[-1], replace(failure.failure, message=reason)))
        return Pages(len(opened), 0, 0.0, tuple(failed))
    (end,) = (each for each in events if each["event"] == "pages")
    return Pages(
        opened=int(_number(end["opened"])),
        left_out=int(_number(end["left_out"])),
        seconds=_number(end["seconds"]),
        failures=tuple(failed),
    )


def _read(
    events: tuple[Event, ...], steps: Collection[str], seconds: float, environment: Path
) -> MigrateRun:
    failures = tuple(_read_failures(events, environment))
    stop = next((each for each in failures if each.stage not in steps), None)
    interruption = _describe_interruption(events, failures)
    return MigrateRun(
        migrations=tuple(_read_migrations(events)),
        steps=tuple(
            StepRun(_text(each["name"]), _number(each["seconds"]), _text(each["output"]))
            for each in events
            if each["event"] == "step"
        ),
        seconds=seconds,
        stop=None if interruption else stop,
        step_failures=tuple(each for each in failures if each.stage in steps),
        interruption=interruption,
    )


def _describe_interruption(events: tuple[Event, ...], failures: tuple[CodeFailure, ...]) -> str:
    """Return why a process was ended by its surroundings. Empty if its own code has failed."""
    ended = next((each for each in events if each["event"] == ENDED), None)
    if ended and ended["is_interruption"]:
        last = failures[-1]
        return f"{_text(ended['reason'])} during {last.place}"
    for each in failures:
        is_lost = each.failure.error == "OperationalError" and not each.sqlstate
        if is_lost or each.sqlstate.startswith(SHORTAGES):
            where = each.place
            message = each.failure.message.rstrip(".")
            return f"the server of the copy ended it during {where}: {message}"
    return ""


def _read_migrations(events: Iterable[Event]) -> Iterator[MigrationRun]:
    for each in events:
        if each["event"] == "end":
            yield MigrationRun(
                migration=_text(each["migration"]),
                seconds=_number(each["seconds"]),
                cpu_seconds=_number(each["cpu_seconds"]),
                rows=max(0, int(_number(each["rows"]))),
                growth_bytes=int(_number(each["growth_bytes"])),
                log_bytes=int(_number(each["log_bytes"])),
                mebibytes=int(_number(each["mebibytes"])),
                locked=tuple(map(_text, each["locked"][:MAX_NAMES])),
                output=_text(each["output"]),
            )


def _read_failures(events: Iterable[Event], environment: Path) -> Iterator[CodeFailure]:
    """Yield the errors, each with the stage and the migration in which it occurred."""
    stage, migration = "start", ""
    for each in events:
        kind = each["event"]
        if kind == "stage":
            stage, migration = _text(each["name"]), ""
        elif kind == "begin":
            migration = _text(each["migration"])
        elif kind == "end":
            migration = ""
        elif kind == "failure":
            failure = parse_failure(each["failure"], environment)
            details = ("sqlstate", "table", "column", "constraint")
            said = {name: _text(each.get(name, "")) for name in details}
            yield CodeFailure(stage, failure, migration, **said)
        elif kind == ENDED:
            failure = Failure(stage, "", _text(each["reason"]), ())
            yield CodeFailure(stage, failure, migration)


def _text(value: Any) -> str:
    return escape_surrogates(str(value)[:MAX_TEXT])


def _number(value: Any) -> float:
    return float(value)
