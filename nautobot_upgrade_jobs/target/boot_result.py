"""The result of one start of the target.

Foreign code can write any result. So it is checked like a file from outside.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from ..facts import Facts
from ..facts.serialization import decode
from ..facts.startup import Failure, Frame

INVALID = "its result has an unknown form"


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
    try:
        result = json.loads(data)
        failure = result["failure"] and _parse_failure(result["failure"], environment)
        facts = decode(Facts, result["facts"]) if result["facts"] else Facts()
        return BootResult(failure or None, str(result["culprit"]), facts)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError) as error:
        raise BootFailed(f"{INVALID} ({type(error).__name__})") from None
    except (TypeError, ValueError) as error:
        raise BootFailed(f"{INVALID} ({error})") from None


def _parse_failure(failure: dict[str, Any], environment: Path) -> Failure:
    frames = tuple(
        Frame(str(file).removeprefix(f"{environment}/"), *details)
        for file, *details in failure["frames"]
    )
    return Failure(**{**failure, "frames": frames})
