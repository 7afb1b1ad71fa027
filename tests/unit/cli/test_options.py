"""Errors of a command line."""

import pytest

from nautobot_upgrade_jobs.cli.options import USAGE_ERROR, UsageParser, suggest_word

KNOWN = ["preflight", "snapshot", "--output", "--target", "html"]


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("argument job: invalid choice: 'prefligt' (choose from 'preflight')", "preflight"),
        ("unrecognized arguments: --ouput x", "--output"),
        ("unrecognized arguments: --taget=3.2.7", "--target"),
        ("argument --format: invalid choice: 'htm' (choose from ...)", "html"),
        ("argument job: invalid choice: 'upgrade' (choose from ...)", ""),
        ("unrecognized arguments: x", ""),
        ("the following arguments are required: job", ""),
        ("unrecognized arguments: " + "x" * 10_000, ""),
    ],
)
def test_suggest_word_names_what_was_probably_meant(message, word):
    assert suggest_word(message, KNOWN) == word


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["prefligt"], "Did you mean preflight?"),
        (["preflight", "--taget", "1"], "Did you mean --target?"),
        (["preflight", "--format", "htlm"], "Did you mean html?"),
        (["something"], ""),
    ],
)
def test_usage_parser_suggests_words_of_all_commands(arguments, suggestion, capsys):
    parser = UsageParser(prog="tool")
    command = parser.add_subparsers(dest="job").add_parser("preflight")
    command.add_argument("--target")
    command.add_argument("--format", choices=("html", "json"))
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(arguments)
    assert ended.value.code == USAGE_ERROR
    printed = capsys.readouterr().err
    assert suggestion in printed
    assert ("Did you mean" in printed) is bool(suggestion)
