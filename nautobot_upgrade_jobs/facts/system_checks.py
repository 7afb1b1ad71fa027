"""What Django's and Nautobot's own system checks say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class SystemCheckMessage:
    """A message of the system check framework that is not silenced."""

    id: str
    level: str
    """``warning`` or ``error`` (critical included); lower levels are not kept."""
    message: str
    hint: str

    @property
    def subject(self) -> str:
        """A name for it; one id can be given to many messages, each about something else."""
        digest = hashlib.sha256(self.message.encode()).hexdigest()[:8]
        return f"{self.id or 'unnamed'}-{digest}"


@dataclass(frozen=True)
class SystemChecks:
    """Messages of ``nautobot-server check --database default``."""

    messages: tuple[SystemCheckMessage, ...]
