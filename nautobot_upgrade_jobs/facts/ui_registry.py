"""The web interface as the running code registers it."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class UiRegistry:
    """Home page, menu and the pages of Apps."""

    home_panels: Listing | Unavailable
    menu: Listing | Unavailable
    """``tab / group / item`` to its link."""
    app_pages: Listing | Unavailable
    """URL names of every App."""
