"""What a command writes to the terminal."""

import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from nautobot_upgrade_jobs.__main__ import main
from nautobot_upgrade_jobs.cli.options import USAGE_ERROR, UsageParser
from nautobot_upgrade_jobs.cli.output import colorize, wants_color, write_line
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot, dump
from tests.support.snapshot_states import state

GO = 0

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


@pytest.fixture(scope="module")
def emit(tmp_path_factory):
    """Return a function that runs a command in a process of its own. Its verdict is GO."""
    folder = tmp_path_factory.mktemp("snapshots")
    paths = [folder / f"{hour}.json.gz" for hour in (10, 11)]
    for path in paths:
        created = f"2026-11-21T{path.name[:2]}:00:00+00:00"
        path.write_bytes(dump(Snapshot("nautobot", created, "a test", state())))

    def run(*words, **streams):
        command = [sys.executable, "-m", "nautobot_upgrade_jobs", "compare", *paths, *words]
        return subprocess.run(command, check=False, text=True, **streams)

    assert run(stdout=subprocess.DEVNULL).returncode == GO
    return run


def test_report_whose_reader_ends_early_is_written_to_files(emit, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = emit("--output", tmp_path / "o", stdout=writer, stderr=subprocess.PIPE)
    assert (done.returncode, "Traceback" in done.stderr) == (GO, False), done.stderr
    assert len(list((tmp_path / "o").iterdir())) > 1


@pytest.mark.parametrize("words", [[], ["--output", "o"]], ids=["only printed", "with files"])
def test_report_on_a_full_disk_is_an_error_without_files(emit, tmp_path, words):
    folder = [str(tmp_path / each) if each == "o" else each for each in words]
    expected = GO if words else USAGE_ERROR
    with open("/dev/full", "w") as full:
        done = emit(*folder, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, "Traceback" in done.stderr) == (expected, False), done.stderr
    assert words or "could not be printed: [Errno 28]" in done.stderr


@pytest.mark.parametrize("closed", [1, 2])
def test_report_with_a_closed_stream_is_written_to_files(emit, tmp_path, closed):
    done = emit(
        *("--output", tmp_path / "o"),
        preexec_fn=lambda: os.close(closed),
    )
    assert done.returncode == GO
    assert len(list((tmp_path / "o").iterdir())) > 1


def test_parser_error_quotes_a_hostile_word_on_one_line(capsys):
    with pytest.raises(SystemExit) as ended:
        UsageParser(prog="tool").parse_args([HOSTILE])
    assert ended.value.code == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("tool: error: unrecognized arguments: \\x1b]0;title")


REPORT = " BLOCKER  data        x: BLOCKER  inside\n      ok  apps        3 passed\nok  x\n"


def test_colorize_marks_only_the_start_of_a_line():
    assert colorize(REPORT) == (
        " \x1b[31mBLOCKER\x1b[0m  data        x: BLOCKER  inside\n"
        "      \x1b[32mok\x1b[0m  apps        3 passed\n\x1b[32mok\x1b[0m  x\n"
    )


@pytest.mark.parametrize(
    ("variables", "is_terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_wants_color_on_a_terminal_unless_forbidden(monkeypatch, variables, is_terminal, wanted):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = SimpleNamespace(isatty=lambda: is_terminal)
    assert wants_color(stream) is wanted
    assert not wants_color(object())
