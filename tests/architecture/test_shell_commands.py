"""Names in the commands of findings are quoted, because file names and queues can be hostile."""

import ast

import pytest

from nautobot_upgrade_jobs.checks.remediation import shell
from tests.architecture.test_contracts import package_files, tree_of

QUOTED = ("shlex.", "quote")


def formatted_values():
    """Yield the values in f-strings that are the text of a shell command."""
    for path in package_files():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "shell":
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.FormattedValue):
                        yield path.name, node.lineno, ast.unparse(part.value)


def test_text_of_a_command_contains_no_name():
    number_of_words = "' {}' * "
    unquoted = [
        (file, line, value)
        for file, line, value in formatted_values()
        if not (value.startswith((*QUOTED, number_of_words)) or value.isupper())
        and file != "jobs.py"  # Its text is quoted as a whole.
    ]
    assert unquoted == [], "shell() quotes the words that follow the text"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("rm {}", "/opt/a b"), "rm '/opt/a b'"),
        (("rm {}", "x; touch y"), "rm 'x; touch y'"),
        (("migrate {} {}", "dcim", "zero"), "migrate dcim zero"),
        (("awk '{print}'",), "awk '{print}'"),
    ],
)
def test_shell_quotes_words(words, expected):
    assert shell(*words).text == expected
