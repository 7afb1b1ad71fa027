"""``python -m nautobot_upgrade_jobs``: the commands that work without Nautobot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from .cli.options import (
    CANCELLED,
    CANCELLED_MESSAGE,
    EXIT_CODES_HELP,
    USAGE_ERROR,
    UsageParser,
    add_report_options,
    emit_report,
    ensure_directory,
)
from .cli.output import write_line
from .common.errors import UsageError
from .report import Report
from .workflows.compare import compare_snapshots
from .workflows.doctor import diagnose_startup
from .workflows.rollback_assessment import ROLLBACK_OPTIONS
from .workflows.rollback_offline import plan_rollback_offline
from .workflows.snapshot_store import read_snapshot


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    parser = UsageParser(prog="python -m nautobot_upgrade_jobs", description=EXIT_CODES_HELP)
    commands = parser.add_subparsers(dest="job", required=True)
    command = commands.add_parser("compare", help="What changed between two snapshots?")
    command.add_argument("before", type=Path, help="the older snapshot-….json.gz")
    command.add_argument("after", type=Path, help="the newer snapshot-….json.gz")
    add_report_options(command)
    command.set_defaults(run=_compare)
    command = commands.add_parser("doctor", help="Why does nautobot-server not start?")
    command.add_argument("--config", default="", metavar="FILE", help="nautobot_config.py")
    command.set_defaults(run=lambda options: diagnose_startup(options["config"]))
    add_report_options(command)
    command = commands.add_parser("rollback", help="How do I roll back, from two snapshots?")
    command.add_argument(
        "--facts", type=Path, required=True, help="snapshot-….json.gz of the current state"
    )
    command.add_argument(
        "--to", type=Path, required=True, help="snapshot-….json.gz of the state to roll back to"
    )
    command.add_argument(
        "--strategy",
        default="",
        choices=("", *ROLLBACK_OPTIONS),
        help="the rollback option; default: the recommended option",
    )
    add_report_options(command)
    command.set_defaults(run=_plan_rollback)
    options = vars(parser.parse_args(arguments))
    try:
        if options["output"]:
            ensure_directory(options["output"])
        return emit_report(options["run"](options), options)
    except UsageError as error:
        write_line(f"error: {error}")
        return USAGE_ERROR
    except KeyboardInterrupt:
        write_line(CANCELLED_MESSAGE)
        return CANCELLED


def _compare(options: dict[str, Any]) -> Report:
    before, after = read_snapshot(options["before"]), read_snapshot(options["after"])
    return compare_snapshots(before, after)


def _plan_rollback(options: dict[str, Any]) -> Report:
    current, previous = read_snapshot(options["facts"]), read_snapshot(options["to"])
    return plan_rollback_offline(current, previous, str(options["to"]), options["strategy"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
