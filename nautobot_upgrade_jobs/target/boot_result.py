"""The result of one start of the target.

Foreign code can write any result. So it is checked like a file from outside.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name, is_normalized_name

from ..common.text import escape_surrogates
from ..facts import Facts
from ..facts.serialization import decode
from ..facts.startup import Failure, Frame

INVALID = "its result has an unknown form"
MAX_VALUES = 1_000_000
"""Maximum number of JSON values, which limits the memory after parsing."""
MAX_REASON, MAX_NAME, MAX_MESSAGE, MAX_FRAMES = 200, 300, 10_000, 100
"""Maximum numbers of characters, and of stack frames."""


class BootFailed(Exception):
    """The trial boot gave no result. The message gives the reason."""


class BootResult(NamedTuple):
    """What a start has shown."""

    failure: Failure | None
    culprit: str
    """The module of the App that caused the failure. Empty if no App did."""
    facts: Facts


def parse_result(data: bytes, environment: Path) -> BootResult:
    """Return the result of a start. File names are relative to the environment.

    Raises:
        BootFailed: The data has another form.
    """
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES:
        raise BootFailed(f"{INVALID} (too many values)")
    try:
        result = json.loads(data)
        failure = result["failure"] and parse_failure(result["failure"], environment)
        facts = decode(Facts, result["facts"]) if result["facts"] else Facts()
        return BootResult(failure or None, str(result["culprit"]), facts)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError) as error:
        raise BootFailed(f"{INVALID} ({type(error).__name__})") from None
    except (TypeError, ValueError) as error:
        raise BootFailed(f"{INVALID} ({_parse_text(error, MAX_REASON)})") from None


def parse_failure(failure: dict[str, Any], environment: Path) -> Failure:
    """Return the failure that a process has described. File names are relative to the environment.

    Raises:
        LookupError, TypeError, ValueError: It has another form.
    """
    return Failure(
        stage=_parse_text(failure["stage"]),
        error=_parse_text(failure["error"]),
        message=_parse_text(failure["message"], MAX_MESSAGE),
        frames=tuple(
            _parse_frame(f"{environment}/", *each) for each in failure["frames"][-MAX_FRAMES:]
        ),
        distributions={
            _parse_text(package): _parse_name(name)
            for package, name in failure["distributions"].items()
        },
        app=_parse_text(failure["app"]),
    )


def _parse_frame(  # noqa: PLR0913 - the fields of a frame
    environment: str, file: Any, line: Any, function: Any, package: Any, distribution: Any
) -> Frame:
    return Frame(
        _parse_text(file).removeprefix(environment),
        int(line),
        _parse_text(function),
        _parse_text(package),
        _parse_name(distribution),
    )


def _parse_text(value: Any, max_length: int = MAX_NAME) -> str:
    return escape_surrogates(str(value)[:max_length])


def _parse_name(value: Any) -> str:
    """Return the name of a distribution. A command can contain it, so any other text is dropped."""
    text = _parse_text(value)
    return text if is_normalized_name(canonicalize_name(text)) else ""
