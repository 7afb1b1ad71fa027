"""Messages of the system checks of Django, Nautobot and the Apps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class SystemCheckMessage:
    """A system-check message that is not silenced."""

    id: str
    level: str
    """``warning`` or ``error``. Critical messages are errors. Lower levels are not kept."""
    message: str
    hint: str
    settings: tuple[str, ...] = ()
    """Names of the settings that the message is about."""

    @property
    def subject(self) -> str:
        """The id and a digest of the message, because many messages can have the same id."""
        digest = hashlib.sha256(self.message.encode()).hexdigest()[:8]
        return f"{self.id or 'unnamed'}-{digest}"


@dataclass(frozen=True)
class SystemChecks:
    """Messages of ``nautobot-server check --database default``."""

    messages: tuple[SystemCheckMessage, ...]
