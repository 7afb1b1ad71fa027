"""URLs without credentials."""

from __future__ import annotations

import re

REDACTED = "***"
USER_INFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s]*@", re.IGNORECASE)


def mask_url_credentials(text: str) -> str:
    """Return text with the user information of every URL masked."""
    return USER_INFO.sub(rf"\g<scheme>{REDACTED}@", text)
