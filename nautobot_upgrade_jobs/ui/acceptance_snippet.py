"""The entry of the settings that accepts a finding."""

from __future__ import annotations

from datetime import date

from ..app_settings import APP
from ..checks.acceptance import FIELDS, AcceptanceError, parse_acceptances

SNIPPET_TEMPLATE = """\
# nautobot_config.py, below PLUGINS_CONFIG
PLUGINS_CONFIG.setdefault({app!r}, {{}}).setdefault("acceptances", []).append(
    {{
{lines}
    }}
)
"""
"""It adds an entry, and changes no other setting."""


def build_entry(*, today: date, **fields: str) -> dict[str, str]:
    """Return the entry of the settings that accepts one finding.

    Args:
        today: The current date. The acceptance must not end before this date.
        fields: ``finding``, ``reason``, ``who``, ``until`` and ``target``.

    Raises:
        AcceptanceError: A field is empty, or the date is invalid or in the past.
    """
    entry = {name: " ".join(fields[name].split()) for name in FIELDS}
    for name, value in entry.items():
        if not value:
            raise AcceptanceError(f"'{name}' is empty.")
    (acceptance,) = parse_acceptances([entry])
    if acceptance.until < today:
        raise AcceptanceError(f"The date {acceptance.until} is in the past.")
    return entry


def render_snippet(*, today: date, **fields: str) -> str:
    """Return the settings with the entry that accepts one finding.

    Args:
        today: As for ``build_entry``.
        fields: As for ``build_entry``.

    Raises:
        AcceptanceError: A field is empty, or the date is invalid or in the past.
    """
    entry = build_entry(today=today, **fields)
    lines = "\n".join(f"{'':8}{name!r}: {value!r}," for name, value in entry.items())
    return SNIPPET_TEMPLATE.format(app=APP, lines=lines)
