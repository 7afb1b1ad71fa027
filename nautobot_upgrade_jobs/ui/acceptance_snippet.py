"""To accept a finding by name: the lines for the settings, since the App stores nothing."""

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
    """Return the lines that accept one finding.

    Args:
        today: The day on which it is asked; the acceptance must reach beyond it.
        fields: ``finding``, ``reason``, ``who``, ``until`` and ``target``.

    Raises:
        AcceptanceError: A field is empty, or the date is none, or is past.
    """
    entry = {name: " ".join(fields[name].split()) for name in FIELDS}
    for name, value in entry.items():
        if not value:
            raise AcceptanceError(f"'{name}' is empty.")
    (accepted,) = parse_acceptances([entry])
    if accepted.until < today:
        raise AcceptanceError(f"{accepted.until} is past: say until when to live with it.")
    lines = "\n".join(f"{'':16}{name!r}: {value!r}," for name, value in entry.items())
    return SNIPPET_TEMPLATE.format(app=APP, lines=lines)
