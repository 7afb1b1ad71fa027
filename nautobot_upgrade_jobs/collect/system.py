"""Django's and Nautobot's own system checks, run in this process."""

from __future__ import annotations

from django.core import checks
from django.db import DEFAULT_DB_ALIAS

from ..facts import System
from ..facts.system import SystemMessage
from . import Context
from .support.redaction import scrub


def collect(_: Context) -> System:
    """Run the same checks as ``nautobot-server check --database default``."""
    return System(
        messages=tuple(
            SystemMessage(
                id=message.id or "",
                level="warning" if message.level < checks.ERROR else "error",
                message=scrub(str(message.msg)),
                hint=scrub(str(message.hint or "")),
            )
            for message in checks.run_checks(databases=[DEFAULT_DB_ALIAS])
            if message.level >= checks.WARNING and not message.is_silenced()
        )
    )
