"""Parsing the expectations of an operator."""

import pytest

from nautobot_upgrade_jobs.checks.expectation_parser import ExpectationError, parse_expectations


def test_parse_expectations_with_blank_lines_and_comments_ignores_them():
    text = "app nautobot_ssot  4.0.1\n\n# what we rely on\njob pkg.jobs.Sync  # nightly\n"
    assert [str(expectation) for expectation in parse_expectations(text).lines] == [
        "app nautobot_ssot 4.0.1",
        "job pkg.jobs.Sync",
    ]


@pytest.mark.parametrize("line", ["app nautobot_ssot", "Job x", "panel", "anything at all"])
def test_parse_expectations_with_an_invalid_line_raises_with_its_number(line):
    with pytest.raises(ExpectationError, match="line 2"):
        parse_expectations(f"job pkg.Job\n{line}")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("page dcim:device_list", "not a page of an App"),
        ("app nautobot 3.2.7", "Nautobot itself is not an App"),
    ],
)
def test_parse_expectations_of_nautobot_itself_are_refused(line, reason):
    with pytest.raises(ExpectationError, match=reason):
        parse_expectations(f"# first\n{line}")
