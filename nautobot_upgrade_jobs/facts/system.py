"""What Django's and Nautobot's own system checks say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SystemMessage:
    """A message of the system check framework that is not silenced."""

    id: str
    level: str
    """``warning`` or ``error`` (critical included); lower levels are not kept."""
    message: str
    hint: str


@dataclass(frozen=True)
class System:
    """Messages of ``nautobot-server check --database default``."""

    messages: tuple[SystemMessage, ...]
