"""Collect all distributions in Nautobot's environment, and the local requirements file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from ..common.urls import shorten_urls
from ..facts import Packages
from ..upgrade.installed_packages import list_installed_packages
from .context import Context

REQUIREMENTS_FILE = "local_requirements.txt"


def collect(_: Context) -> Packages:
    """Read the metadata of every installed distribution."""
    return Packages(list_installed_packages(), tuple(_read_local_requirements()))


def _read_local_requirements() -> Iterator[str]:
    """Yield the lines of the file in which Nautobot's upgrade guide lists Apps."""
    path = Path(settings.NAUTOBOT_ROOT, REQUIREMENTS_FILE)
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    for line in text.splitlines():
        requirement = line.partition(" #")[0].strip().removesuffix("\\").strip()
        if requirement and not requirement.startswith("#"):
            yield shorten_urls(requirement)
