"""Form fields of the Jobs: suggestions for the target, and short fields for several lines."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.jobs import StringVar, TextVar

from ..catalog.versions import parse_version
from ..facts.base import Unavailable
from ..upgrade.target_options import list_target_options
from ..workflows.context import read_catalog

ROWS = 3
"""Height of a field for several lines. It can be enlarged."""


class LinesVar(TextVar):
    """A text variable of several lines that does not fill the page."""

    def as_field(self) -> forms.Field:
        """Return the form field."""
        field = super().as_field()
        field.widget.attrs["rows"] = ROWS
        return field


class TargetInput(forms.TextInput):
    """A text field with the newer releases as suggestions. Other releases can be entered."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Return the field and the list of its suggestions."""
        releases = f"{name}-releases"
        field = super().render(name, value, {**(attrs or {}), "list": releases}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', _list_suggestions())
        return format_html('{}<datalist id="{}">{}</datalist>', field, releases, options)


class TargetVar(StringVar):
    """A text variable whose form starts with the recommended target."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=TargetInput, required=False, default="", **kwargs)

    def as_field(self) -> forms.Field:
        """Return the form field. Its first value is read when a form is shown."""
        field = super().as_field()
        field.initial = _find_recommended()
        return field


def _find_recommended() -> str:
    catalog, installed = read_catalog(), version("nautobot")
    if isinstance(catalog, Unavailable):
        return ""
    options = list_target_options(catalog, installed, platform.python_version())
    return next((option.version for option in options if option.is_recommended), "")


def _list_suggestions() -> list[tuple[str, str]]:
    """Return the releases that are newer than the installed one, newest first, with their dates."""
    catalog = read_catalog()
    if isinstance(catalog, Unavailable):
        return []
    installed = parse_version(version("nautobot"))
    newer = [one for one in catalog.releases if parse_version(one.version) > installed]
    return [(one.version, one.date.isoformat()) for one in reversed(newer)]
