"""``nautobot-server upgrade_jobs``: the Jobs from a shell, with exit codes.

It works where Jobs cannot: between the installation of new code and ``migrate``, and without a
worker. No option is called ``-c`` or ``--config…``; ``nautobot-server`` takes those for itself.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...capture import capture
from ...checks.findings import Verdict
from ...collect import current_user
from ...configuration import UsageError
from ...preflight import Request, preflight
from ...report import FILES, FORMATS, Report

EXIT_CODES = {Verdict.GO: 0, Verdict.CAUTION: 0, Verdict.BLOCKED: 2, Verdict.INCOMPLETE: 3}
USAGE_ERROR = 1


class UsageParser(CommandParser):
    """Ends with our own code on a typing error; argparse's 2 is what BLOCKED means here."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong and leave."""
        if not self.called_from_command_line:
            super().error(message)
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: error: {message}\n")


class Command(BaseCommand):
    """Preflight and Capture Snapshot."""

    help = (
        "Upgrade checks from the shell. Exit codes: 0 go or caution, 1 usage error, 2 blocked, "
        "3 incomplete; with --strict, caution is 2."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands."""
        parser.__class__ = UsageParser  # subparsers are made of the same class
        commands = parser.add_subparsers(dest="job", required=True)
        one = commands.add_parser("preflight", help="May I upgrade?")
        one.set_defaults(run=self._preflight)
        one.add_argument("--target", default="", help="version to upgrade to, such as 3.2.7")
        one.add_argument(
            "--exclude", default=[], action="append", metavar="CHECK", help="leave a check out"
        )
        one.add_argument(
            "--accept",
            default=[],
            action="append",
            metavar="'KEY | REASON | UNTIL'",
            help="accept a finding until a date",
        )
        one.add_argument("--format", default="text", choices=sorted(FORMATS))
        one.add_argument("--output", type=Path, metavar="DIR", help="write the report's files here")
        one.add_argument("--strict", action="store_true", help="exit with 2 on caution, too")
        one = commands.add_parser("snapshot", help="What is the state of this installation?")
        one.set_defaults(run=self._snapshot)
        one.add_argument("--output", type=Path, metavar="DIR", default=Path(), help="write it here")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the Job and leave with its exit code."""
        try:
            if options["output"]:
                self._make(options["output"])
            code = options["run"](options)
        except UsageError as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from None
        sys.exit(code)

    def _snapshot(self, options: dict[str, Any]) -> int:
        captured = capture(self._progress)
        for topic, reason in captured.left_out.items():
            self.stderr.write(f"Not captured: {topic}: {reason}")
        path = captured.write_to(options["output"])
        self.stdout.write(f"{path}  sha256 {captured.sha256}")
        return EXIT_CODES[Verdict.INCOMPLETE] if captured.left_out else 0

    def _preflight(self, options: dict[str, Any]) -> int:
        request = Request(
            target=options["target"],
            exclude=",".join(options["exclude"]),
            accept="\n".join(options["accept"]),
            user=current_user(),
        )
        report = preflight(request, self._progress)
        if hasattr(sys.stdout, "reconfigure"):  # a terminal that knows ASCII only
            sys.stdout.reconfigure(errors="backslashreplace")
        self.stdout.write(FORMATS[options["format"]](report), ending="")
        if options["output"]:
            self._write_files(report, options["output"])
        code = EXIT_CODES[report.verdict]
        if options["strict"] and report.verdict is Verdict.CAUTION:
            code = EXIT_CODES[Verdict.BLOCKED]
        return code

    def _progress(self, topic: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"Collecting {topic} …")

    def _make(self, folder: Path) -> None:
        """Have the folder before the work is done, so that its verdict is not lost."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--output: {error}") from None

    def _write_files(self, report: Report, folder: Path) -> None:
        try:
            for ending, render in FILES.items():
                path = folder / f"{report.file_stem}.{ending}"
                path.write_text(render(report), encoding="utf-8")
                self.stderr.write(f"Wrote {path}")
        except OSError as error:
            raise UsageError(f"--output: {error}") from None
