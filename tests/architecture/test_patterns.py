"""Regular expressions take time in proportion to the length of a text, also of a hostile text."""

import ast
import itertools
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.test_contracts import PACKAGE

SHORT, LONG = 3 * 10**4, 10**6
CPU_SECONDS = {SHORT: 1, LONG: 20}
"""The limit for one text: a linear expression needs 3 % of it, a quadratic one several times it."""
CHARACTERS = "a0A \t\n=<>-_.:/\"'[](){};,#@|%\\"


SEARCHES = r"\b{}\.(search|finditer|findall|subn?|split)\b"


def patterns():
    """Yield the file of each expression of the package, and the function that applies it."""
    sources = {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    everything = "\n".join(sources.values())
    for path, source in sources.items():
        for node in ast.parse(source).body:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            call = node.value
            if ast.unparse(call.func) != "re.compile" or not all(map(_is_literal, call.args)):
                continue
            pattern = re.compile(*(eval(ast.unparse(each), {"re": re}) for each in call.args))
            is_search = re.search(SEARCHES.format(ast.unparse(node.targets[0])), everything)
            yield path, pattern.search if is_search else pattern.match


def _is_literal(node):
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names <= {"re"}


def hostile_texts(pattern, length):
    """Yield texts that repeat a part of an expression, and end with what it does not accept."""
    words = re.findall(r"[\w@:/ =<.-]{2,}", pattern)
    units = [*CHARACTERS, *words]
    if length > SHORT:
        units += map("".join, itertools.permutations(" a0=./<-", 2))
        yield from (word + filler * length + "\x00" for word in words for filler in "a 0")
    yield from (unit * (length // len(unit)) + "\x00" for unit in units)


def apply_everything(length):
    """Apply each expression to each hostile text, and print the last one."""
    for path, function in patterns():
        pattern = function.__self__.pattern
        is_bytes = isinstance(pattern, bytes)
        print(path.name, pattern, flush=True)
        for text in hostile_texts(pattern.decode() if is_bytes else pattern, length):
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS[length])  # ends the process
            function(text.encode() if is_bytes else text)


@pytest.mark.parametrize("length", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)])
def test_expressions_of_a_long_hostile_text_end_in_time(length):
    code = f"from {__name__} import apply_everything; apply_everything({length})"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"stopped at {ended.stdout.splitlines()[-1:]} {ended.stderr}"
