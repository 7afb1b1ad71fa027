"""The error of a rehearsal that could not be carried out."""

from __future__ import annotations


class RehearsalFailed(Exception):
    """A stage could not be carried out. The message gives the reason without credentials.

    Nothing is known about the upgrade then. An upgrade that fails on the copy is a result instead.
    """


def describe_error(error: Exception) -> str:
    """Return the message of the client library on one line. It contains no password."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
