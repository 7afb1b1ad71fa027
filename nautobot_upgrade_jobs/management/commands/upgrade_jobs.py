"""``nautobot-server upgrade_jobs``: run the Jobs from a shell, with exit codes.

The command also works when Jobs cannot run: after the installation of new code and before
``migrate``, and without a worker. No option is called ``-c`` or ``--config…``, because
``nautobot-server`` itself uses these options.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from ...app_settings import read_configuration
from ...checks.expectation_parser import KINDS
from ...checks.findings import Verdict
from ...cli.options import (
    EXIT_CODES,
    EXIT_CODES_HELP,
    USAGE_ERROR,
    UsageParser,
    add_report_options,
    emit_report,
    ensure_directory,
)
from ...cli.output import write_line
from ...collect.context import Context, current_user, explain
from ...collect.db.read_only_session import read_only_session
from ...collect.rollback.changelog_export import export_changelog
from ...common.errors import UsageError
from ...common.text import escape_nonprintable
from ...facts.fingerprints import DEPTHS
from ...snapshot.file_format import Snapshot
from ...workflows.capture import DEFAULT_DEPTH, capture
from ...workflows.collection import read_database_state
from ...workflows.compare import compare_snapshots, read_configured_acceptances
from ...workflows.context import RunRequest
from ...workflows.preflight import run_preflight
from ...workflows.rollback import plan_rollback
from ...workflows.rollback_assessment import ROLLBACK_OPTIONS
from ...workflows.rollback_target import NO_SNAPSHOT, SnapshotArgument
from ...workflows.snapshot_store import newest_snapshot, read_snapshot, write_snapshot
from ...workflows.verify import verify_migrations


class Parser(UsageParser, CommandParser):
    """Django's parser, with the exit code of ``UsageParser``."""


class Command(BaseCommand):
    """Preflight, Capture Snapshot, Compare Snapshots, Verify Migrations, Rollback Planner."""

    help = f"Upgrade checks from the shell. {EXIT_CODES_HELP}"
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands."""
        parser.__class__ = Parser  # Subparsers get the same class.
        commands = parser.add_subparsers(dest="job", required=True)
        self._add_preflight(commands)
        self._add_snapshot(commands)
        self._add_compare(commands)
        self._add_verify(commands)
        self._add_rollback(commands)
        self._add_state_and_help(commands)

    def _add_preflight(self, commands: Any) -> None:
        command = commands.add_parser(
            "preflight", help="Check whether this installation can be upgraded."
        )
        command.set_defaults(run=self._run_preflight)
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
        _add_check_options(command)
        add_report_options(command)

    def _add_snapshot(self, commands: Any) -> None:
        command = commands.add_parser(
            "snapshot", help="Write the state of this installation to a snapshot file."
        )
        command.set_defaults(run=self._capture_snapshot)
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

    def _add_compare(self, commands: Any) -> None:
        command = commands.add_parser(
            "compare", help="Compare two snapshots, or a snapshot and the current state."
        )
        command.set_defaults(run=self._compare)
        command.add_argument("before", type=Path, help="the older snapshot-….json.gz")
        command.add_argument(
            "after",
            type=Path,
            nargs="?",
            help="the newer snapshot-….json.gz; default: the current state",
        )
        add_report_options(command)

    def _add_verify(self, commands: Any) -> None:
        command = commands.add_parser("verify", help="Check whether the upgrade is complete.")
        command.set_defaults(run=self._verify)
        command.add_argument(
            "--before",
            type=Path,
            metavar="FILE",
            help="snapshot from before the upgrade, to report what was lost; of a folder, the "
            "newest snapshot in it",
        )
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
        _add_check_options(command)
        add_report_options(command)

    def _add_rollback(self, commands: Any) -> None:
        command = commands.add_parser(
            "rollback", help="Plan the rollback, and report what each option loses."
        )
        command.set_defaults(run=self._plan_rollback)
        command.add_argument(
            "--to",
            default="",
            metavar="FILE|RELEASE|'DISTRIBUTION==VERSION'|'APP MIGRATION'",
            help="the state to roll back to: a snapshot, releases, or an App's last migration",
        )
        command.add_argument(
            "--backup", type=Path, metavar="FILE", help="the dump from before the upgrade"
        )
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
        _add_check_options(command)
        add_report_options(command)

    def _add_state_and_help(self, commands: Any) -> None:
        command = commands.add_parser("state", help="Print the fingerprint that a script checks.")
        command.set_defaults(run=self._print_state, output=None)
        command = commands.add_parser("help", help="Print the options of a command.")
        command.add_argument("about", choices=commands.choices)
        command.set_defaults(
            run=lambda options: commands.choices[options["about"]].print_help(), output=None
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand, and exit with its exit code."""
        try:
            if options["output"]:
                ensure_directory(options["output"])
            code = options["run"](options)
        except UsageError as error:
            raise CommandError(escape_nonprintable(str(error)), returncode=USAGE_ERROR) from None
        sys.exit(code)

    def _run_preflight(self, options: dict[str, Any]) -> int:
        request = replace(
            _build_request(options),
            target=options["target"],
            requirements="\n".join(options["require"]),
            build=options["build"],
        )
        return emit_report(run_preflight(request, self._report_progress), options)

    def _verify(self, options: dict[str, Any]) -> int:
        report = verify_migrations(
            replace(_build_request(options), wait_seconds=options["wait"]),
            self._report_progress,
            expectations="\n".join(options["expect"]),
            before=read_snapshot(newest_snapshot(options["before"])) if options["before"] else None,
            stopped=options["stopped"],
        )
        return emit_report(report, options)

    def _plan_rollback(self, options: dict[str, Any]) -> int:
        text, given = options["to"], NO_SNAPSHOT
        if text.endswith(".json.gz"):
            given = SnapshotArgument(read_snapshot(Path(text)), text, options["instance"])
            text = ""
        request = replace(_build_request(options), target=text)
        report = plan_rollback(
            request,
            self._report_progress,
            given=given,
            strategy=options["strategy"],
            backup=options["backup"],
        )
        code = emit_report(report, options)
        if options["output"] and given.snapshot:
            self._export_changes(options["output"], given.snapshot)
        return code

    def _export_changes(self, folder: Path, snapshot: Snapshot) -> None:
        """Write the changes since a snapshot to a file, to make them again after a restore."""
        since = datetime.fromisoformat(snapshot.created)
        path = folder / f"changes-since-{since:%Y%m%dT%H%M%SZ}.jsonl.gz"
        config = read_configuration()
        try:
            with read_only_session(
                config.snapshot_timeout_seconds, config.database_alias
            ) as connection:
                number = export_changelog(Context(connection), since, path)
        except (OSError, DatabaseError) as error:
            raise UsageError(f"{path.name}: {explain(error)}") from None
        write_line(f"Wrote {path}: {number} changes", self.stderr)

    def _print_state(self, options: dict[str, Any]) -> int:
        write_line(read_database_state(read_configuration()), self.stdout)
        return 0

    def _capture_snapshot(self, options: dict[str, Any]) -> int:
        captured = capture(self._report_progress, depth=options["depth"])
        for topic, reason in captured.missing.items():
            write_line(f"Not captured: {topic}: {reason}", self.stderr)
        path = write_snapshot(options["output"], captured.name, captured.data)
        write_line(f"{path}  sha256 {captured.sha256}", self.stdout)
        return EXIT_CODES[Verdict.INCOMPLETE] if captured.missing else 0

    def _compare(self, options: dict[str, Any]) -> int:
        before = read_snapshot(options["before"])
        after = (
            read_snapshot(options["after"])
            if options["after"]
            else capture(self._report_progress).snapshot
        )
        return emit_report(compare_snapshots(before, after, read_configured_acceptances()), options)

    def _report_progress(self, topic: str) -> None:
        if self.stderr.isatty():
            write_line(f"Collecting {topic} …", self.stderr)


def _add_check_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--exclude", default=[], action="append", metavar="CHECK", help="do not run this check"
    )
    parser.add_argument(
        "--accept",
        default=[],
        action="append",
        metavar="'KEY | REASON | UNTIL'",
        help="accept a finding until a date",
    )


def _build_request(options: dict[str, Any]) -> RunRequest:
    return RunRequest(
        exclude=",".join(options["exclude"]),
        accept="\n".join(options["accept"]),
        user=current_user(),
    )
