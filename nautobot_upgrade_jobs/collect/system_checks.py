"""Django's and Nautobot's own system checks, run in this process."""

from __future__ import annotations

from django.core import checks
from django.db import DEFAULT_DB_ALIAS

from ..facts import SystemChecks
from ..facts.system_checks import SystemCheckMessage
from . import Context
from .support.redaction import redact_text


def collect(_: Context) -> SystemChecks:
    """Run the same checks as ``nautobot-server check --database default``."""
    return SystemChecks(
        messages=tuple(
            SystemCheckMessage(
                id=message.id or "",
                level="warning" if message.level < checks.ERROR else "error",
                message=redact_text(str(message.msg)),
                hint=redact_text(str(message.hint or "")),
            )
            for message in checks.run_checks(databases=[DEFAULT_DB_ALIAS])
            if message.level >= checks.WARNING and not message.is_silenced()
        )
    )
