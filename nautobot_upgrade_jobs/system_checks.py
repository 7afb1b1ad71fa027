"""System checks of this App. They only warn, because the App must never prevent a start.

The App's configuration registers the checks. A copy of this module in a folder of Jobs does not.
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
"""A file that shows that a repository or a folder contains these Jobs."""


def check_settings(app_configs: Any, **_: Any) -> list[Warned]:
    """Warn of invalid settings, with which no run can start."""
    given = settings.PLUGINS_CONFIG.get(APP) or {}
    try:
        parse_acceptances(validate_settings(given, tuple(settings.DATABASES)).acceptances)
    except (ConfigurationError, AcceptanceError) as error:
        hint = "Until you fix the setting, the Jobs of this App end with this message."
        return [Warned(str(error), hint=hint, id=f"{APP}.W001")]
    return []


def check_single_installation(app_configs: Any, **_: Any) -> list[Warned]:
    """Warn if a Git repository or a folder of Jobs contains the same Jobs."""
    return [
        Warned(
            f"The Jobs of {APP} are also in {folder}, so each Job is listed twice.",
            hint="Remove this Git repository or folder of Jobs, or remove the App from PLUGINS.",
            id=f"{APP}.W002",
        )
        for folder in _find_copies()
    ]


def _find_copies() -> Iterator[Path]:
    for root in {settings.GIT_ROOT, settings.JOBS_ROOT}:
        for pattern in (f"{APP}/{MARKER_FILE}", f"*/{APP}/{MARKER_FILE}"):
            for found in sorted(Path(root).glob(pattern)):
                yield found.parents[1]
