"""``nautobot-server upgrade_jobs``: run the Jobs from a shell, with exit codes.

The command also works when Jobs cannot run: after the installation of new code and before
``migrate``, and without a worker.
"""

from __future__ import annotations

import platform
import sys
from argparse import ArgumentParser
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from ...app_settings import read_configuration
from ...checks.findings import Verdict
from ...cli.options import (
    CANCELLED,
    CANCELLED_MESSAGE,
    EXIT_CODES,
    EXIT_CODES_HELP,
    USAGE_ERROR,
    UsageParser,
    emit_report,
    ensure_directory,
)
from ...cli.output import write_line, write_removed
from ...cli.progress import ProgressLine
from ...cli.rehearsal_options import read_rehearsal_options
from ...cli.target_list import describe_targets
from ...collect.context import Context, explain
from ...collect.db.read_only_session import read_only_session
from ...collect.rollback.changelog_export import export_changelog
from ...common.current_user import current_user
from ...common.errors import UsageError
from ...common.text import escape_nonprintable
from ...facts import Unavailable
from ...facts.rehearsal import RehearsalRecord
from ...report import Report
from ...snapshot.file_format import Snapshot
from ...workflows.capture import capture
from ...workflows.clean import remove_leftover_databases, remove_leftovers
from ...workflows.collection import read_database_state
from ...workflows.compare import compare_snapshots, read_configured_acceptances
from ...workflows.context import BackupArgument, RunRequest, read_catalog
from ...workflows.preflight import run_preflight
from ...workflows.rehearsal_request import RehearsalRequest
from ...workflows.rehearsal_store import read_kept_records, read_named_records, results_folder
from ...workflows.rehearse_installed import rehearse_installed
from ...workflows.rollback import plan_rollback
from ...workflows.rollback_target import NO_SNAPSHOT, SnapshotArgument
from ...workflows.scored_prediction import read_predicted
from ...workflows.snapshot_store import newest_snapshot, read_snapshot, write_snapshot
from ...workflows.verify import verify_migrations
from .. import arguments


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
        commands = parser.add_subparsers(dest="job", metavar="COMMAND")
        parser.set_defaults(run=self._show_overview, output=None)
        arguments.add_preflight(commands, self._run_preflight)
        arguments.add_snapshot(commands, self._capture_snapshot)
        arguments.add_compare(commands, self._compare)
        arguments.add_verify(commands, self._verify)
        arguments.add_rollback(commands, self._plan_rollback)
        arguments.add_rehearse(commands, self._rehearse)
        arguments.add_targets(commands, self._list_targets)
        arguments.add_clean(commands, self._clean)
        arguments.add_state_and_help(commands, self._print_state)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand, and exit with its exit code."""
        try:
            if options["output"]:
                ensure_directory(options["output"])
            with ProgressLine(sys.stderr, is_terminal=sys.stderr.isatty()) as self._progress:
                code = options["run"](options)
        except UsageError as error:
            raise CommandError(escape_nonprintable(str(error)), returncode=USAGE_ERROR) from None
        except KeyboardInterrupt:
            write_line(CANCELLED_MESSAGE, self.stderr)
            code = CANCELLED
        sys.exit(code)

    def _emit(self, report: Report, options: dict[str, Any]) -> int:
        self._progress.clear()
        return emit_report(report, options)

    def _show_overview(self, options: dict[str, Any]) -> int:
        self._list_targets(options)
        for name, purpose in arguments.COMMANDS.items():
            write_line(f"  {name:<10} {purpose}", self.stdout)
        write_line("Options of a command: nautobot-server upgrade_jobs help COMMAND", self.stdout)
        return 0

    def _list_targets(self, _: dict[str, Any]) -> int:
        catalog, installed = read_catalog(), installed_version("nautobot")
        if isinstance(catalog, Unavailable):
            raise UsageError(catalog.reason)
        for line in describe_targets(catalog, installed, platform.python_version()):
            write_line(line, self.stdout)
        return 0

    def _run_preflight(self, options: dict[str, Any]) -> int:
        request = replace(
            _build_request(options),
            target=options["target"],
            requirements="\n".join(options["require"]),
            build=options["build"],
            only=",".join(options["only"]),
            manifests=options["manifests"],
            backup=BackupArgument(tuple(options["backup"])),
            rehearsals=_read_rehearsals(options),
        )
        return self._emit(run_preflight(request, self._progress), options)

    def _verify(self, options: dict[str, Any]) -> int:
        report = verify_migrations(
            replace(
                _build_request(options),
                wait_seconds=options["wait"],
                predicted=read_predicted(options["predicted"]),
            ),
            self._progress,
            expectations="\n".join(options["expect"]),
            before=read_snapshot(newest_snapshot(options["before"])) if options["before"] else None,
            stopped=options["stopped"],
        )
        return self._emit(report, options)

    def _rehearse(self, options: dict[str, Any]) -> int:
        config = read_configuration()
        run = replace(
            _build_request(options),
            target=options["target"],
            requirements="\n".join(options["require"]),
        )
        chosen = read_rehearsal_options(options)
        chosen["directory"] = chosen["directory"] or config.rehearsal_directory
        request = RehearsalRequest(run, **chosen)
        return self._emit(rehearse_installed(request, config, self._progress), options)

    def _plan_rollback(self, options: dict[str, Any]) -> int:
        text, given = options["to"], NO_SNAPSHOT
        if text.endswith(".json.gz"):
            given = SnapshotArgument(read_snapshot(Path(text)), text, options["instance"])
            text = ""
        request = replace(
            _build_request(options), target=text, rehearsals=_read_rehearsals(options)
        )
        report = plan_rollback(
            request,
            self._progress,
            given=given,
            strategy=options["strategy"],
            backup=BackupArgument(tuple(options["backup"])),
        )
        code = self._emit(report, options)
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

    def _clean(self, _: dict[str, Any]) -> int:
        config = read_configuration()
        folders = remove_leftovers((config.work_directory, config.rehearsal_directory))
        databases = remove_leftover_databases(config.rehearsal_server, "'rehearsal_server'")
        write_removed((*folders, *databases))
        return 0

    def _print_state(self, options: dict[str, Any]) -> int:
        write_line(read_database_state(read_configuration()), self.stdout)
        return 0

    def _capture_snapshot(self, options: dict[str, Any]) -> int:
        captured = capture(self._progress, depth=options["depth"])
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
            else capture(self._progress).snapshot
        )
        return self._emit(compare_snapshots(before, after, read_configured_acceptances()), options)


def _read_rehearsals(options: dict[str, Any]) -> tuple[RehearsalRecord, ...]:
    if options["rehearsed"]:
        return read_named_records(options["rehearsed"])
    return read_kept_records(results_folder(read_configuration().rehearsal_directory))


def _build_request(options: dict[str, Any]) -> RunRequest:
    return RunRequest(
        exclude=",".join(options["exclude"]),
        accept="\n".join(options["accept"]),
        user=current_user(),
    )
