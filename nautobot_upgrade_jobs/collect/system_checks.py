"""Run the system checks of Django, Nautobot and the Apps in this process."""

from __future__ import annotations

import re

from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS

from ..facts import SystemChecks
from ..facts.system_checks import SystemCheckMessage
from .context import Context
from .support.redaction import redact_text

SETTING_NAME = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")


def collect(_: Context) -> SystemChecks:
    """Run the same checks as ``nautobot-server check --database default``."""
    return SystemChecks(
        messages=tuple(
            SystemCheckMessage(
                id=message.id or "",
                level="warning" if message.level < checks.ERROR else "error",
                message=redact_text(str(message.msg)),
                hint=redact_text(str(message.hint or "")),
                settings=_named_settings(str(message.msg)),
            )
            for message in checks.run_checks(databases=[DEFAULT_DB_ALIAS])
            if message.level >= checks.WARNING and not message.is_silenced()
        )
    )


def _named_settings(text: str) -> tuple[str, ...]:
    """Return the settings that a message names, without duplicates.

    Django's messages have no field for the setting, so the text is the only source.
    """
    existing = set(dir(settings))  # reading an empty SECRET_KEY would raise
    return tuple(name for name in dict.fromkeys(SETTING_NAME.findall(text)) if name in existing)
