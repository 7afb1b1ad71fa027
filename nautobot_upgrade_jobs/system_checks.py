"""What Nautobot says of this App at its start: as warnings, since it must not stop an upgrade.

The App's configuration registers them; a copy of this module in a folder of Jobs does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Warning as Warned

from .app_settings import APP, validate_settings
from .checks.acceptance import AcceptanceError, parse_acceptances
from .common.errors import ConfigurationError

MARKER_FILE = "job_registration.py"
"""A file that no other repository of Jobs contains."""


def check_settings(app_configs: Any, **_: Any) -> list[Warned]:
    """Warn of settings that would end each run."""
    given = settings.PLUGINS_CONFIG.get(APP) or {}
    try:
        parse_acceptances(validate_settings(given, tuple(settings.DATABASES)).acceptances)
    except (ConfigurationError, AcceptanceError) as error:
        hint = "Until then its Jobs end with this message; nothing else is concerned."
        return [Warned(str(error), hint=hint, id=f"{APP}.W001")]
    return []


def check_single_installation(app_configs: Any, **_: Any) -> list[Warned]:
    """Warn where the same Jobs come from a repository or a folder of Jobs, too."""
    return [
        Warned(
            f"The Jobs of {APP} are also in {folder}: each is listed twice.",
            hint="Remove that Git repository of Jobs (or folder), or take the App out of PLUGINS.",
            id=f"{APP}.W002",
        )
        for folder in _find_copies()
    ]


def _find_copies() -> Iterator[Path]:
    for root in {settings.GIT_ROOT, settings.JOBS_ROOT}:
        for pattern in (f"{APP}/{MARKER_FILE}", f"*/{APP}/{MARKER_FILE}"):
            for found in sorted(Path(root).glob(pattern)):
                yield found.parents[1]
