"""The user of this process."""

from __future__ import annotations

import getpass
import os


def current_user() -> str:
    """Return the name of the operating-system user, or its number if it has no name.

    Users in containers may have no name.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
