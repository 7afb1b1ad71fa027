"""Options, files and exit codes of both command lines, without Django and Nautobot.

``nautobot-server upgrade_jobs`` runs inside Nautobot. ``python -m nautobot_upgrade_jobs`` runs
outside, even if Nautobot does not start.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from ..checks.findings import Verdict
from ..common.errors import UsageError
from ..common.private_files import require_safe_folder, write_private_file
from ..report import FORMATS, Report, render_files
from .output import PrintError, colorize, wants_color, write_line, write_report_text

EXIT_CODES = {
    Verdict.GO: 0,
    Verdict.CAUTION: 0,
    Verdict.UP_TO_DATE: 0,
    Verdict.BLOCKED: 2,
    Verdict.INCOMPLETE: 3,
}
USAGE_ERROR = 1
CANCELLED = 130
"""What a shell reports after Ctrl-C."""
CANCELLED_MESSAGE = "Cancelled. Nothing was changed."
UNKNOWN_WORD = re.compile(r"invalid choice: '([^']{1,60})'|unrecognized arguments: ([^\s=]{1,60})")
EXIT_CODES_HELP = (
    "Exit codes: 0 go, caution or up to date, 1 usage error or crash, 2 blocked, 3 incomplete, "
    "130 cancelled; with --strict, caution is 2."
)


class UsageParser(ArgumentParser):
    """A parser that exits with 1 on a usage error, because argparse's 2 means BLOCKED here."""

    def error(self, message: str) -> NoReturn:
        """Print the error and exit."""
        self.print_usage(sys.stderr)
        write_line(f"{self.prog}: error: {message}")
        suggestion = suggest_word(message, self._list_words())
        if suggestion:
            write_line(f"Did you mean {suggestion}?")
        self.exit(USAGE_ERROR)

    def _list_words(self) -> list[str]:
        """Return the options and choices of this parser and of its commands."""
        words: list[str] = []
        for action in self._actions:
            words += action.option_strings
            if isinstance(action.choices, Mapping):  # the commands
                for name, parser in action.choices.items():
                    words += [name, *(parser._list_words() if parser is not self else ())]
            else:
                words += map(str, action.choices or ())
        return words


def suggest_word(message: str, known: Iterable[str]) -> str:
    """Return the known word that resembles the unknown word in an error message. Empty if none."""
    found = UNKNOWN_WORD.search(message)
    word = next(filter(None, found.groups()), "") if found else ""
    return next(iter(get_close_matches(word, sorted(set(known)), n=1, cutoff=0.7)), "")


def add_report_options(parser: ArgumentParser) -> None:
    """Add the options for the format, the files and the exit code of a report."""
    parser.add_argument("--format", default="text", choices=sorted(FORMATS))
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="write the report's files to this folder"
    )
    parser.add_argument("--strict", action="store_true", help="exit with 2 on caution as well")


def emit_report(report: Report, options: Mapping[str, Any]) -> int:
    """Write the files of a report, print it and return the exit code.

    Raises:
        UsageError: A file cannot be written. Or the report cannot be printed, and no file was
            requested.
    """
    if options["output"]:
        _write_files(report, options["output"])
    text = FORMATS[options["format"]](report)
    if options["format"] == "text" and wants_color(sys.stdout):
        text = colorize(text)
    try:
        write_report_text(text)
    except PrintError as error:
        if not options["output"]:
            raise UsageError(f"the report could not be printed: {error}") from None
    if options["strict"] and report.verdict is Verdict.CAUTION:
        return EXIT_CODES[Verdict.BLOCKED]
    return EXIT_CODES[report.verdict]


def ensure_directory(folder: Path) -> None:
    """Create the output folder before the run, so that a bad path does not lose the report.

    Raises:
        UsageError: The folder cannot be created, or every user of the host can change its files.
    """
    try:
        require_safe_folder(folder)
    except OSError as error:
        raise UsageError(f"--output: {error}") from None


def _write_files(report: Report, folder: Path) -> None:
    try:
        for name, content in render_files(report, write_line).items():
            path = folder / name
            if isinstance(content, str):
                content = content.encode("utf-8", "backslashreplace")
            write_private_file(path, content)
            write_line(f"Wrote {path}")
    except OSError as error:
        raise UsageError(f"--output: {error}") from None


def add_backup_option(parser: ArgumentParser, description: str) -> None:
    """Declare ``--backup``."""
    parser.add_argument(
        "--backup",
        default=[],
        action="append",
        metavar="FILE|'WHO | WHEN | ID'",
        help=f"{description}: a dump, what a backup program prints, or a statement; repeatable",
    )


def add_predicted_option(parser: ArgumentParser) -> None:
    """Declare ``--predicted``."""
    parser.add_argument(
        "--predicted",
        type=Path,
        metavar="FILE",
        help="preflight-….json from before the upgrade, to report how right it was; or its folder",
    )


def add_rehearsed_option(parser: ArgumentParser) -> None:
    """Declare ``--rehearsed``."""
    parser.add_argument(
        "--rehearsed",
        type=Path,
        metavar="FILE",
        help="rehearsal-….json.gz of a rehearsal of this upgrade, or its folder",
    )


def add_check_options(parser: ArgumentParser) -> None:
    """Declare ``--exclude`` and ``--accept``."""
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
