"""``python -m nautobot_upgrade_jobs``: what needs no running Nautobot, and loads none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from .app_settings import UsageError
from .cli.options import (
    EXIT_CODES_HELP,
    USAGE_ERROR,
    UsageParser,
    add_report_options,
    emit_report,
    ensure_directory,
)
from .report import Report
from .workflows.compare import compare_snapshots
from .workflows.doctor import diagnose_startup
from .workflows.rollback_assessment import ROLLBACK_OPTIONS
from .workflows.rollback_offline import plan_rollback_offline
from .workflows.snapshot_store import read_snapshot


def main(words: list[str]) -> int:
    """Run the command line and return the exit code."""
    parser = UsageParser(prog="python -m nautobot_upgrade_jobs", description=EXIT_CODES_HELP)
    commands = parser.add_subparsers(dest="job", required=True)
    one = commands.add_parser("compare", help="What changed between two snapshots?")
    one.add_argument("before", type=Path, help="the older snapshot-….json.gz")
    one.add_argument("after", type=Path, help="the newer one")
    add_report_options(one)
    one.set_defaults(run=_compare)
    one = commands.add_parser("doctor", help="Why does nautobot-server not start?")
    one.add_argument("--config", default="", metavar="FILE", help="nautobot_config.py")
    one.set_defaults(run=lambda options: diagnose_startup(options["config"]))
    add_report_options(one)
    one = commands.add_parser("rollback", help="How do I get back, from a snapshot of now?")
    one.add_argument("--facts", type=Path, required=True, help="the snapshot-….json.gz of now")
    one.add_argument("--to", type=Path, required=True, help="that of the state to go back to")
    one.add_argument(
        "--way", default="", choices=("", *ROLLBACK_OPTIONS), help="default: the advised one"
    )
    add_report_options(one)
    one.set_defaults(run=_plan_rollback)
    options = vars(parser.parse_args(words))
    try:
        if options["output"]:
            ensure_directory(options["output"])
        return emit_report(options["run"](options), options)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR


def _compare(options: dict[str, Any]) -> Report:
    before, after = read_snapshot(options["before"]), read_snapshot(options["after"])
    return compare_snapshots(before, after)


def _plan_rollback(options: dict[str, Any]) -> Report:
    now, then = read_snapshot(options["facts"]), read_snapshot(options["to"])
    return plan_rollback_offline(now, then, str(options["to"]), options["way"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
