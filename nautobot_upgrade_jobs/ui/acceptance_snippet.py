"""Render the settings entry that accepts a finding. The App itself stores nothing."""

from __future__ import annotations

from datetime import date

from ..app_settings import APP
from ..checks.acceptance import FIELDS, AcceptanceError, parse_acceptances

SNIPPET_TEMPLATE = """\
# nautobot_config.py
PLUGINS_CONFIG = {{
    {app!r}: {{
        "acceptances": [
            {{
{lines}
            }},
        ],
    }},
}}
"""


def render_snippet(*, today: date, **fields: str) -> str:
    """Return the settings entry that accepts one finding.

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
    lines = "\n".join(f"{'':16}{name!r}: {value!r}," for name, value in entry.items())
    return SNIPPET_TEMPLATE.format(app=APP, lines=lines)
