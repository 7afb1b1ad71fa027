"""The remediation of a finding: its time and its commands."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum


class When(str, Enum):
    """The time at which a remediation is carried out."""

    NOW = "now"
    """As soon as possible. It is safe for the release that runs now."""
    WINDOW = "window"
    """In the maintenance window, with the services stopped: now it would harm the live side."""
    AFTER = "after"
    """After the upgrade. The release that runs now does not support it."""


class CommandKind(str, Enum):
    """The program that takes a command, or the file that takes a line."""

    SHELL = "shell"
    SQL = "sql"
    CONFIGURATION = "configuration"
    """A line of ``nautobot_config.py``."""


@dataclass(frozen=True)
class Command:
    """One command of a remediation. Without commands, the operator decides what to do."""

    kind: CommandKind
    text: str


def shell(text: str, *words: str) -> Command:
    """Return a command for a shell of the user that runs Nautobot.

    Args:
        text: The command. It contains ``{}`` for each word.
        words: Names and other values. They are quoted for the shell.
    """
    return Command(CommandKind.SHELL, text.format(*map(shlex.quote, words)) if words else text)


def sql(text: str) -> Command:
    """Return a statement for ``psql`` or ``mysql``."""
    return Command(CommandKind.SQL, text)


def configuration(text: str) -> Command:
    """Return a line of ``nautobot_config.py``."""
    return Command(CommandKind.CONFIGURATION, text)
