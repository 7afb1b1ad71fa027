"""Text helpers for findings."""

import shlex

import pytest

from nautobot_upgrade_jobs.checks.text import (
    MAX_LISTED,
    format_duration,
    nautobot_shell_command,
    truncate_list,
)


@pytest.mark.parametrize(
    ("length", "last"),
    [
        pytest.param(1, "0", id="one name"),
        pytest.param(MAX_LISTED, "9", id="as many as fit"),
        pytest.param(MAX_LISTED + 1, "and 1 more", id="one too many"),
        pytest.param(MAX_LISTED + 20, "and 20 more", id="many too many"),
    ],
)
def test_truncate_list_beyond_the_maximum_counts_the_rest(length, last):
    shown = truncate_list(tuple(str(number) for number in range(length)))
    assert shown[-1] == last
    assert shown[:MAX_LISTED] == tuple(str(number) for number in range(min(length, MAX_LISTED)))


def test_truncate_list_of_nothing_is_empty():
    assert truncate_list(()) == ()


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (1, "1 minute"),
        (119, "119 minutes"),
        (120, "2 hours"),
        (47 * 60, "47 hours"),
        (48 * 60, "2 days"),
        (72 * 60 + 59, "3 days"),
    ],
)
def test_format_duration_uses_the_unit_that_fits(minutes, text):
    assert format_duration(minutes) == text


@pytest.mark.parametrize("code", ["print(1)", "print('it')", 'print("$HOME"); x', "a\nb"])
def test_nautobot_shell_command_with_any_code_is_one_shell_argument(code):
    assert shlex.split(nautobot_shell_command(code)) == [
        "nautobot-server",
        "shell",
        "--command",
        code,
    ]
