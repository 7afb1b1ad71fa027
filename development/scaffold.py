"""Start a new check: ``make new-check TOPIC=storage NAME=low_media_space CROSSES=3.1``.

Writes a function into the rule file of the topic and two tests into the test file of the same name,
then prints what to fill in and which commands to run.
"""

from __future__ import annotations

import argparse
import keyword
import re
import shutil
import subprocess
import sys
from pathlib import Path

from nautobot_upgrade_jobs.facts import Facts

from .venvs import REPOSITORY

RULE_IMPORTS = """from collections.abc import Iterator

from ...facts import {kind}
from ..build import warning
from ..findings import Finding, Impact, Phase
from ..registry import check
"""
RULE = '''

@check({crosses}phase=Phase.RUNTIME, impact=Impact.UNKNOWN)
def {name}({topic}: {kind}) -> Iterator[Finding]:
    """TODO: the requirement that must hold, as one sentence.

    Why: TODO: what happens where it does not hold.
    Fix: TODO: what the operator does.
    """
    violations: list[str] = []  # TODO: read them from {topic}
    for subject in violations:
        yield warning(subject, f"{{subject}}: TODO.", fix="TODO: imperative steps.")
'''
TEST_IMPORTS = """import pytest

from tests.support.builders import facts
"""
TEST = """

def test_{name}_healthy_installation_is_silent(findings_of):
    assert findings_of("{topic}.{name}", facts()) == []


def test_{name}_violation_is_found(findings_of):
    pytest.fail("TODO: plant the fault, and expect its severity and subject")
"""
NEXT = """{rule}: fill in each TODO of {name}
{test}: plant the fault; as many rows that must not fire as rows that must

Then keep the text of its findings, run its tests, and write the entry of {topic}.{name} in
docs/checks.md:

UPDATE_GOLDEN=1 python3 -m development.stack tool fast -- python -m pytest {test}
make test-fast K={name}
make docs lint
"""


def add_check(topic: str, name: str, crosses: str, repository: Path = REPOSITORY) -> str:
    """Write the rule and its tests.

    Args:
        topic: A topic of the facts, which is also the name of the rule file.
        name: The problem that the check finds, as a function name.
        crosses: A release; the check applies to upgrades that pass it. Empty for all upgrades.
        repository: The checkout to write into.

    Returns:
        What to do next.

    Raises:
        ValueError: The topic does not exist, the name is taken or not a function name, or the
            release is invalid.
    """
    if topic not in Facts.topics():
        raise ValueError(f"there is no topic {topic!r}; the topics are {', '.join(Facts.topics())}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is not a function name such as low_media_space")
    if crosses and not re.fullmatch(r"\d+(\.\d+)*", crosses):
        raise ValueError(f"{crosses!r} is not a release such as 3.1")
    rule = repository / "nautobot_upgrade_jobs" / "checks" / "rules" / f"{topic}.py"
    test = repository / "tests" / "unit" / "checks" / "rules" / f"test_{topic}.py"
    words = {
        "topic": topic,
        "name": name,
        "kind": Facts.type_of(topic).__name__,
        "crosses": f'crosses="{crosses}", ' if crosses else "",
    }
    if rule.exists() and f"def {name}(" in rule.read_text():
        raise ValueError(f"{topic}.{name} exists already")
    _append(rule, f"Checks of {topic.replace('_', ' ')}.", RULE_IMPORTS, RULE, words)
    _append(test, f"Tests of the checks of {topic.replace('_', ' ')}.", TEST_IMPORTS, TEST, words)
    if ruff := shutil.which("ruff"):
        subprocess.run([ruff, "check", "--fix", "--quiet", rule, test], check=False)
        subprocess.run([ruff, "format", "--quiet", rule, test], check=False)
    paths = {key: path.relative_to(repository) for key, path in (("rule", rule), ("test", test))}
    return NEXT.format(**words, **paths)


def _append(path: Path, docstring: str, imports: str, body: str, words: dict[str, str]) -> None:
    """Add text to a module, which is made where it is missing; ruff merges the imports."""
    future = "from __future__ import annotations\n"
    text = path.read_text() if path.exists() else f'"""{docstring}"""\n\n{future}\n'
    anchor = future if future in text else '"""\n'
    head, found, rest = text.partition(anchor)
    imports = imports.format(**words)
    path.write_text(f"{head}{found}\n{imports}{rest.rstrip()}\n{body.format(**words)}")


def main(words: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make new-check", description=__doc__)
    parser.add_argument("topic")
    parser.add_argument("name")
    parser.add_argument("crosses", nargs="?", default="")
    given = parser.parse_args(words)
    try:
        print(add_check(given.topic, given.name, given.crosses))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
