"""``python -m nautobot_upgrade_jobs``: the commands that work without Nautobot."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .app_settings import Configuration
from .checks.findings import Verdict
from .cli.installation_options import add_environment, add_installation
from .cli.options import (
    CANCELLED,
    CANCELLED_MESSAGE,
    EXIT_CODES,
    EXIT_CODES_HELP,
    USAGE_ERROR,
    UsageParser,
    add_backup_option,
    add_check_options,
    add_predicted_option,
    add_rehearsed_option,
    add_report_options,
    emit_report,
    ensure_directory,
)
from .cli.output import write_line, write_removed
from .cli.progress import ProgressLine
from .cli.rehearsal_options import add_rehearsal_options, read_rehearsal_options
from .common.current_user import current_user
from .common.errors import UsageError
from .report import Report
from .target.installation import Installation
from .workflows.clean import remove_leftover_databases, remove_leftovers
from .workflows.compare import compare_snapshots
from .workflows.context import BackupArgument, RunRequest
from .workflows.doctor import diagnose_startup
from .workflows.named_installation import describe_installation
from .workflows.outside import run_preflight_outside
from .workflows.outside_capture import capture_outside
from .workflows.outside_installed import is_supported
from .workflows.outside_verify import verify_outside
from .workflows.rehearsal_request import RehearsalRequest
from .workflows.rehearsal_store import read_named_records
from .workflows.rehearse import rehearse
from .workflows.rollback_assessment import ROLLBACK_OPTIONS
from .workflows.rollback_offline import plan_rollback_offline
from .workflows.scored_prediction import read_predicted
from .workflows.snapshot_store import newest_snapshot, read_snapshot, write_snapshot


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    parser = UsageParser(prog="python -m nautobot_upgrade_jobs", description=EXIT_CODES_HELP)
    commands = parser.add_subparsers(dest="job", required=True)
    _add_compare(commands)
    _add_preflight(commands)
    _add_snapshot(commands)
    _add_verify(commands)
    _add_doctor(commands)
    _add_rollback(commands)
    _add_rehearse(commands)
    _add_clean(commands)
    options = vars(parser.parse_args(arguments))
    try:
        if options["output"]:
            ensure_directory(options["output"])
        result = options["run"](options)
        return result if isinstance(result, int) else emit_report(result, options)
    except UsageError as error:
        write_line(f"error: {error}")
        return USAGE_ERROR
    except KeyboardInterrupt:
        write_line(CANCELLED_MESSAGE)
        return CANCELLED


def _add_compare(commands: Any) -> None:
    command = commands.add_parser("compare", help="What changed between two snapshots?")
    command.add_argument("before", type=Path, help="the older snapshot-….json.gz")
    command.add_argument("after", type=Path, help="the newer snapshot-….json.gz")
    add_report_options(command)
    command.set_defaults(run=_compare)


def _add_preflight(commands: Any) -> None:
    command = commands.add_parser(
        "preflight", help="May I upgrade? From outside, for any release of Nautobot."
    )
    add_installation(command)
    add_check_options(command)
    add_backup_option(command, "a recent backup to verify")
    add_rehearsed_option(command)
    add_report_options(command)
    command.set_defaults(run=_run_preflight)


def _add_snapshot(commands: Any) -> None:
    command = commands.add_parser(
        "snapshot", help="Record the rows, from outside, before the upgrade."
    )
    add_installation(command)
    command.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        default=Path(),
        help="folder to write the snapshot to",
    )
    command.set_defaults(run=_capture_snapshot, exclude=[], accept=[], backup=[])


def _add_verify(commands: Any) -> None:
    command = commands.add_parser(
        "verify", help="Did the upgrade finish? From outside, for Nautobot 2.4 and newer."
    )
    add_environment(command, is_config_required=True)
    command.add_argument(
        "--before",
        type=Path,
        metavar="FILE",
        help="snapshot-….json.gz from before the upgrade, or its folder",
    )
    add_predicted_option(command)
    add_check_options(command)
    add_report_options(command)
    command.set_defaults(run=_verify, database="", apps=None)


def _add_doctor(commands: Any) -> None:
    command = commands.add_parser("doctor", help="Why does nautobot-server not start?")
    command.add_argument("--config", default="", metavar="FILE", help="nautobot_config.py")
    command.set_defaults(run=lambda options: diagnose_startup(options["config"]))
    add_report_options(command)


def _add_rollback(commands: Any) -> None:
    command = commands.add_parser("rollback", help="How do I roll back to a snapshot?")
    state = command.add_mutually_exclusive_group(required=True)
    state.add_argument(
        "--facts", type=Path, metavar="FILE", help="snapshot-….json.gz of the current state"
    )
    state.add_argument("--config", type=Path, metavar="FILE", help="read the current state")
    add_environment(command)
    command.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="FILE",
        help="snapshot-….json.gz of the state to roll back to, or its folder",
    )
    command.add_argument(
        "--strategy",
        default="",
        choices=("", *ROLLBACK_OPTIONS),
        help="the rollback option; default: the recommended option",
    )
    add_report_options(command)
    command.set_defaults(run=_plan_rollback, database="", apps=None)


def _add_rehearse(commands: Any) -> None:
    command = commands.add_parser(
        "rehearse", help="Does the upgrade work? Prove it on a copy of the data."
    )
    add_installation(command, has_package_list=True)
    add_rehearsal_options(command)
    add_check_options(command)
    add_report_options(command)
    command.set_defaults(run=_rehearse)


def _add_clean(commands: Any) -> None:
    command = commands.add_parser("clean", help="Remove what a killed run has left.")
    command.add_argument(
        "--directory", default="", metavar="DIR", help="a folder that was named for copies"
    )
    command.add_argument(
        "--server", default="", metavar="URL", help="a server that was named for copies"
    )
    command.set_defaults(run=_clean, output=None)


def _clean(options: dict[str, Any]) -> int:
    databases = remove_leftover_databases(options["server"], "--server")
    write_removed((*remove_leftovers((options["directory"],)), *databases))
    return 0


def _rehearse(options: dict[str, Any]) -> Report:
    run = _build_request({**options, "backup": []})  # It is the source, and nothing to verify.
    if not (options["config"] or options["database"] or options["requirements"]):
        raise UsageError("Name the installation with --config, --database or --requirements.")
    if not (options["config"] or options["database"] or options["backup"]):
        raise UsageError("--requirements without --config requires --backup.")
    request = RehearsalRequest(run, **read_rehearsal_options(options))
    with _open_installation(options) as (installation, progress):
        return rehearse(request, installation, Configuration(), progress)


def _compare(options: dict[str, Any]) -> Report:
    before, after = read_snapshot(options["before"]), read_snapshot(options["after"])
    return compare_snapshots(before, after)


def _run_preflight(options: dict[str, Any]) -> Report:
    request = replace(_build_request(options), rehearsals=read_named_records(options["rehearsed"]))
    with _open_installation(options) as (installation, progress):
        return run_preflight_outside(request, installation, progress)


def _verify(options: dict[str, Any]) -> Report:
    before = read_snapshot(newest_snapshot(options["before"])) if options["before"] else None
    request = RunRequest(
        exclude=",".join(options["exclude"]),
        accept="\n".join(options["accept"]),
        user=current_user(),
        predicted=read_predicted(options["predicted"]),
    )
    with _open_installation(options) as (installation, progress):
        return verify_outside(request, installation, progress, before=before)


def _capture_snapshot(options: dict[str, Any]) -> int:
    if options["database"]:
        raise UsageError(
            "--database: a snapshot requires --config, because the fingerprints depend on "
            "SECRET_KEY. With another key they cannot be compared."
        )
    with _open_installation(options) as (installation, progress):
        captured = capture_outside(_build_request(options), installation, progress)
    for topic, reason in captured.missing.items():
        write_line(f"Not captured: {topic}: {reason}", sys.stderr)
    write_line(f"Not captured from outside: {', '.join(sorted(captured.accepted))}", sys.stderr)
    path = write_snapshot(options["output"], captured.name, captured.data)
    write_line(f"{path}  sha256 {captured.sha256}", sys.stdout)
    return EXIT_CODES[Verdict.INCOMPLETE] if captured.missing else 0


def _build_request(options: dict[str, Any]) -> RunRequest:
    return RunRequest(
        target=options["target"],
        exclude=",".join(options["exclude"]),
        requirements="\n".join(options["require"]),
        accept="\n".join(options["accept"]),
        backup=BackupArgument(tuple(options["backup"])),
        wheel_directory=options["wheel_directory"],
        user=current_user(),
    )


@contextlib.contextmanager
def _open_installation(options: dict[str, Any]) -> Iterator[tuple[Installation, ProgressLine]]:
    """Describe the installation that the operator names, and show the progress of what follows."""
    with (
        describe_installation(options) as installation,
        ProgressLine(sys.stderr, is_terminal=sys.stderr.isatty()) as progress,
    ):
        yield installation, progress


def _plan_rollback(options: dict[str, Any]) -> Report:
    current = read_snapshot(options["facts"]) if options["facts"] else None
    previous = read_snapshot(newest_snapshot(options["to"]))
    if current is None:
        with _open_installation(options) as (installation, progress):
            if not is_supported(installation):
                raise UsageError(
                    f"--config: Nautobot {installation.release} is too old to be read without a "
                    "target. Name a snapshot of it with --facts."
                )
            current = capture_outside(RunRequest(), installation, progress).snapshot
    return plan_rollback_offline(current, previous, str(options["to"]), options["strategy"])


def run() -> None:
    """Run the command line of this process, and exit with its exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: remove the temporary folder
        signal.signal(number, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
