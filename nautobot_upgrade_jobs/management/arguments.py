"""The arguments of ``nautobot-server upgrade_jobs``. No option is called ``-c`` or ``--config…``.

``nautobot-server`` itself uses these options.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..checks.expectation_parser import KINDS
from ..cli.options import (
    add_backup_option,
    add_check_options,
    add_predicted_option,
    add_rehearsed_option,
    add_report_options,
)
from ..cli.rehearsal_options import add_rehearsal_options
from ..facts.fingerprints import DEPTHS
from ..workflows.capture import DEFAULT_DEPTH
from ..workflows.rollback_assessment import ROLLBACK_OPTIONS

Handler = Callable[[dict[str, Any]], int]
COMMANDS = {
    "targets": "List the releases to which this installation can be upgraded.",
    "preflight": "Check whether this installation can be upgraded.",
    "snapshot": "Write the state of this installation to a snapshot file.",
    "compare": "Compare two snapshots, or a snapshot and the current state.",
    "verify": "Check whether the upgrade is complete.",
    "rehearse": "Upgrade a copy of the data, verify it, and roll it back.",
    "rollback": "Plan the rollback, and report what each option loses.",
    "clean": "Remove what a killed run has left.",
}
"""The commands of an operator with their purpose, in the order of use."""


def _add_command(commands: Any, name: str) -> ArgumentParser:
    """Return the parser of a command."""
    parser: ArgumentParser = commands.add_parser(
        name, help=COMMANDS[name], description=COMMANDS[name]
    )
    return parser


def add_targets(commands: Any, run: Handler) -> None:
    """Declare ``targets``."""
    _add_command(commands, "targets").set_defaults(run=run, output=None)


def add_preflight(commands: Any, run: Handler) -> None:
    """Declare ``preflight``."""
    command = _add_command(commands, "preflight")
    command.set_defaults(run=run)
    command.add_argument("--target", default="", help="version to upgrade to, such as 3.2.7")
    command.add_argument(
        "--require",
        default=[],
        action="append",
        metavar="REQUIREMENT",
        help="a further requirement of the package set, such as nautobot-ssot==4.7.0",
    )
    command.add_argument(
        "--no-build",
        dest="build",
        action="store_false",
        help="do not build and start the target",
    )
    command.add_argument(
        "--manifests",
        default="",
        metavar="DIR",
        help="output of helm template or docker compose config",
    )
    add_backup_option(command, "a recent backup to verify")
    add_rehearsed_option(command)
    add_check_options(command)
    command.add_argument(
        "--only",
        default=[],
        action="append",
        metavar="CHECK",
        help="run only this check, to see whether a fix worked; repeatable",
    )
    add_report_options(command)


def add_snapshot(commands: Any, run: Handler) -> None:
    """Declare ``snapshot``."""
    command = _add_command(commands, "snapshot")
    command.set_defaults(run=run)
    command.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        default=Path(),
        help="folder to write the snapshot to",
    )
    command.add_argument(
        "--depth", default=DEFAULT_DEPTH, choices=DEPTHS, help="how much of the rows to read"
    )


def add_compare(commands: Any, run: Handler) -> None:
    """Declare ``compare``."""
    command = _add_command(commands, "compare")
    command.set_defaults(run=run)
    command.add_argument("before", type=Path, help="the older snapshot-….json.gz")
    command.add_argument(
        "after",
        type=Path,
        nargs="?",
        help="the newer snapshot-….json.gz; default: the current state",
    )
    add_report_options(command)


def add_verify(commands: Any, run: Handler) -> None:
    """Declare ``verify``."""
    command = _add_command(commands, "verify")
    command.set_defaults(run=run)
    command.add_argument(
        "--before",
        type=Path,
        metavar="FILE",
        help="snapshot from before the upgrade, to report what was lost; of a folder, the "
        "newest snapshot in it",
    )
    add_predicted_option(command)
    command.add_argument(
        "--stopped",
        action="store_true",
        help="expect nothing of workers, beat and post_upgrade, because they have not run yet",
    )
    command.add_argument(
        "--expect",
        default=[],
        action="append",
        metavar="'KIND NAME'",
        help=f"what must exist, such as '{KINDS['app']}' or '{KINDS['job']}'",
    )
    command.add_argument(
        "--wait",
        type=int,
        default=0,
        metavar="SECONDS",
        help="longest time to wait until the workers respond; default: do not wait",
    )
    add_check_options(command)
    add_report_options(command)


def add_rollback(commands: Any, run: Handler) -> None:
    """Declare ``rollback``."""
    command = _add_command(commands, "rollback")
    command.set_defaults(run=run)
    command.add_argument(
        "--to",
        default="",
        metavar="FILE|RELEASE|'DISTRIBUTION==VERSION'|'APP MIGRATION'",
        help="the state to roll back to: a snapshot, releases, or an App's last migration",
    )
    add_backup_option(command, "the backup from before the upgrade")
    add_rehearsed_option(command)
    command.add_argument(
        "--strategy",
        default="",
        choices=("", *ROLLBACK_OPTIONS),
        help="the rollback option; default: the recommended option",
    )
    command.add_argument(
        "--instance",
        default="",
        help="earlier name of this installation, if it has changed; default: the current name",
    )
    add_check_options(command)
    add_report_options(command)


def add_rehearse(commands: Any, run: Handler) -> None:
    """Declare ``rehearse``."""
    command = _add_command(commands, "rehearse")
    command.set_defaults(run=run)
    command.add_argument("--target", default="", help="version to upgrade to, such as 3.2.7")
    command.add_argument(
        "--require",
        default=[],
        action="append",
        metavar="REQUIREMENT",
        help="a further requirement of the package set, such as nautobot-ssot==4.7.0",
    )
    add_rehearsal_options(command)
    add_check_options(command)
    add_report_options(command)


def add_clean(commands: Any, run: Handler) -> None:
    """Declare ``clean``."""
    _add_command(commands, "clean").set_defaults(run=run, output=None)


def add_state_and_help(commands: Any, run: Handler) -> None:
    """Declare ``state`` and ``help``."""
    command = commands.add_parser("state", help="Print the fingerprint that a script checks.")
    command.set_defaults(run=run, output=None)
    command = commands.add_parser("help", help="Print the options of a command.")
    command.add_argument("about", nargs="?", choices=commands.choices, default="help")
    command.set_defaults(
        run=lambda options: commands.choices[options["about"]].print_help(), output=None
    )
