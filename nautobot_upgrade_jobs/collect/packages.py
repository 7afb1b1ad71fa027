"""All distributions in Nautobot's environment, and what is to be installed beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from ..common.urls import mask_url_credentials
from ..facts import Packages
from . import Context
from .support.distributions import list_installed_packages

REQUIREMENTS_FILE = "local_requirements.txt"


def collect(_: Context) -> Packages:
    """Read the metadata of every installed distribution."""
    return Packages(list_installed_packages(), tuple(_read_local_requirements()))


def _read_local_requirements() -> Iterator[str]:
    """Yield the lines of the file that Nautobot's upgrade guide keeps Apps in."""
    path = Path(settings.NAUTOBOT_ROOT, REQUIREMENTS_FILE)
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    for line in text.splitlines():
        stated = line.partition(" #")[0].strip().removesuffix("\\").strip()
        if stated and not stated.startswith("#"):
            yield mask_url_credentials(stated)
