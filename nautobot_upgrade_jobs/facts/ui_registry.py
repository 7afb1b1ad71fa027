"""The web interface as the running code registers it."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable

APP_NAMESPACES = ("plugins:", "plugins-api:")
"""Beginnings of the names of pages of Apps."""


@dataclass(frozen=True)
class UiRegistry:
    """Home page, menu and the pages of Apps."""

    home_panels: Listing | Unavailable
    menu: Listing | Unavailable
    """By ``tab / group / item``: the link."""
    app_pages: Listing | Unavailable
    """By URL name of an App's page: the route."""
