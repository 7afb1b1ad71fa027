"""``nautobot-server upgrade_jobs``: the Jobs from a shell, with exit codes.

It works where Jobs cannot: between the installation of new code and ``migrate``, and without a
worker. No option is called ``-c`` or ``--config…``; ``nautobot-server`` takes those for itself.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...checks.findings import Verdict
from ...collect import current_user
from ...preflight import Request, UsageError, preflight
from ...report import FILES, FORMATS, Report

EXIT_CODES = {Verdict.GO: 0, Verdict.CAUTION: 0, Verdict.BLOCKED: 2, Verdict.INCOMPLETE: 3}
USAGE_ERROR = 1


class Command(BaseCommand):
    """Preflight and, as they are added, the other Jobs."""

    help = (
        "Upgrade checks from the shell. Exit codes: 0 go or caution, 1 usage error, 2 blocked, "
        "3 incomplete; with --strict, caution is 2."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands."""
        commands = parser.add_subparsers(dest="job", required=True)
        one = commands.add_parser("preflight", help="May I upgrade?")
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

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the Job and leave with its exit code."""
        request = Request(
            target=options["target"],
            exclude=",".join(options["exclude"]),
            accept="\n".join(options["accept"]),
            user=current_user(),
        )
        try:
            report = preflight(request, self._progress)
        except UsageError as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from None
        if hasattr(sys.stdout, "reconfigure"):  # a terminal that knows ASCII only
            sys.stdout.reconfigure(errors="backslashreplace")
        self.stdout.write(FORMATS[options["format"]](report), ending="")
        if options["output"]:
            self._write_files(report, options["output"])
        code = EXIT_CODES[report.verdict]
        if options["strict"] and report.verdict is Verdict.CAUTION:
            code = EXIT_CODES[Verdict.BLOCKED]
        sys.exit(code)

    def _progress(self, topic: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"Collecting {topic} …")

    def _write_files(self, report: Report, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for ending, render in FILES.items():
                path = folder / f"{report.file_stem}.{ending}"
                path.write_text(render(report), encoding="utf-8")
                self.stderr.write(f"Wrote {path}")
        except OSError as error:
            raise CommandError(f"--output: {error}", returncode=USAGE_ERROR) from None
