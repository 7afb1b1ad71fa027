"""Options of ``rehearse``, for both command lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..common.errors import UsageError

DURATION = re.compile(r"(\d{1,6})(s|m|h)?")
SECONDS = {"s": 1, "m": 60, "h": 3600, None: 60}
DURATION_HELP = "such as 90s, 30m or 2h"


def add_rehearsal_options(command: Any) -> None:
    """Declare the options about the copy and the rehearsal."""
    command.add_argument(
        "--backup",
        default="",
        metavar="FILE",
        help="restore this archive of pg_dump as the copy, instead of the live data",
    )
    command.add_argument(
        "--server",
        default="",
        metavar="URL",
        help="PostgreSQL server for the copy, such as postgresql://rehearsal@db.example.com/"
        "postgres; default: a new server in a private folder",
    )
    command.add_argument(
        "--copy",
        default="",
        metavar="URL",
        help="use this PostgreSQL database, which you have copied and marked; it is upgraded",
    )
    command.add_argument(
        "--directory",
        default="",
        metavar="DIR",
        help="folder on a disk for the copy; default: the folder for temporary files",
    )
    command.add_argument(
        "--window",
        default="",
        metavar="DURATION",
        help=f"the maintenance window, {DURATION_HELP}; a longer upgrade is reported",
    )
    command.add_argument(
        "--timeout",
        default="4h",
        metavar="DURATION",
        help=f"end the rehearsal after this time, {DURATION_HELP}; default: 4h",
    )
    command.add_argument(
        "--no-rollback",
        dest="rollback",
        action="store_false",
        help="rehearse the upgrade without the rollback",
    )


def parse_duration(text: str, name: str) -> float:
    """Return a duration in seconds. A number without a unit is in minutes.

    Args:
        text: The duration.
        name: The option, for the error message.

    Raises:
        UsageError: It is no duration, or zero.
    """
    found = DURATION.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise UsageError(f"{name}: expected a duration, {DURATION_HELP}.")
    return float(int(found[1]) * SECONDS[found[2]])


def read_rehearsal_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of ``RehearsalRequest`` that the options state.

    Raises:
        UsageError: A duration is invalid.
    """
    window = options["window"]
    return {
        "backup": options["backup"],
        "server": options["server"],
        "copy": options["copy"],
        "directory": options["directory"],
        "window_seconds": parse_duration(window, "--window") if window else None,
        "seconds": parse_duration(options["timeout"], "--timeout"),
        "rehearses_rollback": options["rollback"],
    }
