"""The context of all collectors, and a guard against exceptions in code of Apps and users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseError

from ..facts import NOT_COLLECTED, Unavailable
from ..facts.fingerprints import FingerprintDepth
from .support.redaction import redact_text

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")
Expected = type[BaseException] | tuple[type[BaseException], ...]


@dataclass(frozen=True)
class Context:
    """The database connection and the options of one collection."""

    connection: BaseDatabaseWrapper
    own_job_result: str = ""
    """Primary key of the JobResult of the collecting run. Empty outside a Job."""
    depth: FingerprintDepth = "content"
    """Depth of the table fingerprints."""
    imports_jobs: bool = False
    """Whether to import Job files. Only a process that cannot write to the live system may."""
    wait_seconds: int = 0
    """Longest time to wait for workers that are starting."""
    manifests: Path | None = None
    """Folder of rendered manifests. None if the operator named none."""


@dataclass
class Guarded:
    """The outcome of a guarded block."""

    failure: Unavailable | None = None
    """The reason why the block ended early. None if it completed."""
    error: BaseException | None = None
    """The exception that ended the block. None if it completed."""


@contextmanager
def guard(expected: Expected = Exception) -> Iterator[Guarded]:
    """Turn an exception in code of Apps or users into ``Unavailable``.

    ``SoftTimeLimitExceeded`` is always raised, because it ends the whole run, not one fact.

    Args:
        expected: The exceptions to turn into ``Unavailable``. All others are raised.

    Yields:
        The outcome, which holds the failure after the block.
    """
    outcome = Guarded()
    try:
        yield outcome
    except SoftTimeLimitExceeded:
        raise
    except expected as error:
        outcome.failure, outcome.error = Unavailable(explain(error)), error


def attempt(function: Callable[[], T], *, expected: Expected = DatabaseError) -> T | Unavailable:
    """Return the function's result, or ``Unavailable`` if it raises an expected exception.

    Args:
        function: Collects one field of a topic.
        expected: The exceptions that make the field unavailable. By default these are database
            errors only, so a defect of this App still ends the topic. Pass ``Exception`` where the
            function runs code of Apps or users.
    """
    with guard(expected) as outcome:
        return function()
    return outcome.failure or NOT_COLLECTED


def explain(error: BaseException) -> str:
    """Describe an exception in one line, without any secret of this installation."""
    if type(error).__name__ == "InvalidCursorName" and error.__context__:
        # A query with a cursor of the server failed, and then the cursor could not be closed.
        error = error.__context__
    text = " ".join(str(error).split())
    return redact_text(f"{type(error).__name__}: {text}" if text else type(error).__name__)
