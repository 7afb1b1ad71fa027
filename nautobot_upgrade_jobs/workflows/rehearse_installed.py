"""Rehearse the upgrade of the installation that this process is a part of."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from django.conf import settings

from ..app_settings import Configuration
from ..common.errors import UsageError
from ..report import Report
from ..target.installation import read_installation
from ..target.uv import find_interpreter
from .rehearsal_request import RehearsalRequest
from .rehearsal_store import keep_record, results_folder
from .rehearse import rehearse

NOT_ALLOWED = (
    "The settings do not allow a rehearsal, which copies all data of Nautobot to a folder of this "
    "host. Set 'allow_rehearsal' to True, and 'rehearsal_directory' to a private folder on a disk."
)


def rehearse_installed(
    request: RehearsalRequest,
    config: Configuration,
    progress: Callable[[str], None] = lambda activity: None,
) -> Report:
    """Upgrade a copy of the data of this installation, verify it, and roll it back.

    The installation describes itself in a process of its own, as it does to a command from outside.

    Args:
        request: The request of the operator.
        config: The settings of the App.
        progress: Called with what the rehearsal does.

    Raises:
        UsageError: The settings do not allow it, or the request is invalid. Nothing was started.
    """
    if not config.allow_rehearsal:
        raise UsageError(NOT_ALLOWED)
    installation = read_installation(find_interpreter(), settings.SETTINGS_PATH)
    report = rehearse(request, installation, config, progress)
    folder = results_folder(config.rehearsal_directory)
    if report.rehearsal_record and folder:
        with contextlib.suppress(OSError):  # The files of the run contain the record as well.
            keep_record(report.rehearsal_record, folder)
    return report
