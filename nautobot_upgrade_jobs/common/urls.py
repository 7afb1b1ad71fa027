"""Addresses as they may be shown."""

from __future__ import annotations

import re

REDACTED = "***"
USER_INFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s]*@", re.IGNORECASE)


def mask_url_credentials(text: str) -> str:
    """Return a text with the user info of every URL in it masked."""
    return USER_INFO.sub(rf"\g<scheme>{REDACTED}@", text)
