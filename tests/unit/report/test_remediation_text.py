"""The remediation of a finding in words: its time, and the place of each command."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.remediation import When, configuration, shell, sql
from nautobot_upgrade_jobs.report.remediation_text import command_blocks, describe_remediation
from tests.support.report_samples import BLOCKER


def test_command_blocks_joins_consecutive_commands_of_one_place():
    commands = (shell("a"), shell("b"), sql("SELECT 1;"), configuration("X = 1"), shell("c"))
    assert [(block.place, block.language, block.lines) for block in command_blocks(commands)] == [
        ("In a shell", "shell", ("a", "b")),
        ("In psql or mysql", "sql", ("SELECT 1;",)),
        ("In nautobot_config.py", "python", ("X = 1",)),
        ("In a shell", "shell", ("c",)),
    ]


def test_command_blocks_keeps_a_line_break_from_ending_a_command():
    (block,) = command_blocks((shell("rm\na"),))
    assert block.lines == ("rm a",)


@pytest.mark.parametrize(
    ("when", "first"),
    [
        (When.NOW, "To do now: Fix it."),
        (When.WINDOW, "To do in the maintenance window: Fix it."),
        (When.AFTER, "To do after the upgrade: Fix it."),
    ],
)
def test_describe_remediation_states_the_time_first(when, first):
    finding = replace(BLOCKER, remediation="Fix it.", when=when, commands=(sql("SELECT 1;"),))
    assert list(describe_remediation(finding)) == [first, "In psql or mysql: SELECT 1;"]
