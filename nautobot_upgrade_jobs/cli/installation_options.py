"""Options that name an installation from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CONFIG_HELP = "nautobot_config.py"


def add_environment(command: Any, *, is_config_required: bool = False) -> None:
    """Declare the options about the environment of an installation."""
    if is_config_required:
        command.add_argument("--config", type=Path, required=True, metavar="FILE", help=CONFIG_HELP)
    command.add_argument(
        "--python", default="", metavar="FILE", help="the Python of Nautobot's environment"
    )
    command.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="variables that the service sets, as systemd reads them from EnvironmentFile",
    )


def add_installation(command: Any, *, has_package_list: bool = False) -> None:
    """Declare the options that name an installation and the target that reads it.

    Args:
        command: The parser.
        has_package_list: Whether a list of packages can replace its environment.
    """
    place = command.add_mutually_exclusive_group(required=not has_package_list)
    place.add_argument("--config", type=Path, metavar="FILE", help=CONFIG_HELP)
    place.add_argument(
        "--database",
        default="",
        metavar="URL",
        help="only the database, such as postgresql://reader@host/nautobot",
    )
    command.add_argument(
        "--apps",
        type=Path,
        metavar="FILE",
        help="with --database: a line NAME==VERSION [MODULE] for each App",
    )
    if has_package_list:
        command.add_argument(
            "--requirements",
            type=Path,
            metavar="FILE",
            help="the packages of the installation, as pip freeze prints them: they are installed "
            "into a new environment",
        )
    add_environment(command)
    command.add_argument("--target", default="", help="version to upgrade to, such as 2.4.44")
    command.add_argument(
        "--require",
        default=[],
        action="append",
        metavar="REQUIREMENT",
        help="a further requirement of the package set; repeatable",
    )
    command.add_argument(
        "--wheel-directory",
        default="",
        metavar="DIR",
        help="install the target from the wheels in this folder, without the package index",
    )
