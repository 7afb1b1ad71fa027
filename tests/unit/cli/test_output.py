"""What a command writes to the terminal."""

import io

import pytest

from nautobot_upgrade_jobs.__main__ import main
from nautobot_upgrade_jobs.cli.options import UsageParser
from nautobot_upgrade_jobs.cli.output import write_line

HOSTILE = "\x1b]0;title\x07\x1b[2J\rGO\n\u202egnol"


def test_write_line_is_one_line_without_control_sequences():
    stream = io.StringIO()
    write_line(f"snapshot {HOSTILE}: é ✓", stream)
    written = stream.getvalue()
    assert written == ("snapshot \\x1b]0;title\\x07\\x1b[2J\\rGO\\n\\u202egnol: é ✓\n")


@pytest.mark.parametrize(
    "words",
    [
        ["compare", f"{HOSTILE}.json.gz", "missing.json.gz"],
        ["rollback", "--facts", f"{HOSTILE}.json.gz", "--to", "missing.json.gz"],
        ["doctor", "--output", f"/proc/{HOSTILE}"],
    ],
    ids=lambda words: words[0],
)
def test_command_error_quotes_a_hostile_name_on_one_line(words, capsys):
    assert main(words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line
    assert "title" in line


def test_parser_error_quotes_a_hostile_word_on_one_line(capsys):
    with pytest.raises(SystemExit) as ended:
        UsageParser(prog="tool").parse_args([HOSTILE])
    assert ended.value.code == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("tool: error: unrecognized arguments: \\x1b]0;title")
