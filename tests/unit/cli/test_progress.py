"""What a terminal and a pipe show of the progress of a run."""

import io

import pytest

from nautobot_upgrade_jobs.cli.progress import CLEAR_LINE, ProgressLine

LINES = (
    "Stage 1 of 2, facts: runtime",
    "Stage 1 of 2, facts: \x1b[31mtables",
    "Stage 2 of 2, checks: all",
)


def shown(*, is_terminal, lines=LINES):
    stream = io.StringIO()
    with ProgressLine(stream, is_terminal=is_terminal) as progress:
        for line in lines:
            progress(line)
    return stream.getvalue()


def test_terminal_has_one_line_that_changes_and_is_removed():
    text = shown(is_terminal=True)
    assert "\n" not in text
    assert text.count(CLEAR_LINE) == 4
    assert text.endswith(CLEAR_LINE)
    assert "0 s  Stage 1 of 2, facts: runtime …" in text


def test_terminal_shows_no_control_sequence_of_a_name():
    assert "\x1b[31m" not in shown(is_terminal=True)


def test_pipe_has_one_line_for_each_stage():
    assert shown(is_terminal=False).splitlines() == [
        "Stage 1 of 2, facts …",
        "Stage 2 of 2, checks …",
    ]


@pytest.mark.parametrize("lines", [(), ("tables",)])
def test_pipe_without_stages_stays_silent(lines):
    assert shown(is_terminal=False, lines=lines) == ""
