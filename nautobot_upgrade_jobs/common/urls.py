"""Addresses as they may be shown."""

from __future__ import annotations

import re

MASK = "***"
USER_INFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s]*@", re.IGNORECASE)


def without_user_info(text: str) -> str:
    """Return a text with the user info of every URL in it masked."""
    return USER_INFO.sub(rf"\g<scheme>{MASK}@", text)
