"""Collect the home page, menu and App pages that the running code registers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from nautobot.extras.registry import registry

from ..facts import Listing, UiRegistry
from ..facts.ui_registry import APP_NAMESPACES
from .context import Context


def collect(_: Context) -> UiRegistry:
    """Read Nautobot's registry and the URLs of Apps."""
    return UiRegistry(
        home_panels=Listing(dict(_list_home_panels(registry["homepage_layout"]["panels"]))),
        menu=Listing(dict(_list_menu_items(registry["nav_menu"]["tabs"]))),
        app_pages=Listing(
            {
                name: route
                for name, route in _list_pages(get_resolver().url_patterns, "", "")
                if name.startswith(APP_NAMESPACES)
            }
        ),
    )


def _list_home_panels(panels: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, panel in panels.items():
        yield str(name), f"weight {panel['weight']}"
        for item in panel.get("items", {}):
            yield f"{name} / {item}", "present"


def _list_menu_items(tabs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for tab_name, tab in tabs.items():
        for group_name, group in tab["groups"].items():
            for link, item in group["items"].items():
                yield f"{tab_name} / {group_name} / {item['name']}", str(link)


def _list_pages(
    patterns: list[URLPattern | URLResolver], namespace: str, route: str
) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        path = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _list_pages(pattern.url_patterns, inner, path)
        elif pattern.name:
            yield f"{namespace}{pattern.name}", path
