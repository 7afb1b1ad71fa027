"""Why a rehearsal could not be carried out."""

from __future__ import annotations

from ..target.deadline import Deadline

OUTPUT_CHARACTERS = 600


class RehearsalFailed(Exception):
    """A stage could not be carried out. The message gives the reason without credentials.

    Nothing is known about the upgrade then. An upgrade that fails on the copy is a result instead.
    """


def describe_error(error: Exception) -> str:
    """Return the message of an error on one line, such as one of the client library."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def shorten_output(text: str) -> str:
    """Return the end of the output of a program on one line."""
    return " ".join(text.split())[-OUTPUT_CHARACTERS:]


def remaining_seconds(deadline: Deadline) -> int:
    """Return the whole seconds until the end of a time limit, at least one.

    Raises:
        RehearsalFailed: The time limit is reached.
    """
    if deadline.remaining <= 0:
        raise RehearsalFailed("the time limit of the rehearsal was reached")
    return max(1, int(deadline.remaining))
