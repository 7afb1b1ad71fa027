"""``make new-check`` writes a rule that loads, and tests of which one waits for the fault."""

import ast
import shutil

import pytest

from development.scaffold import add_check
from development.venvs import REPOSITORY

RULES = "nautobot_upgrade_jobs/checks/rules"
TESTS = "tests/unit/checks/rules"


@pytest.fixture
def checkout(tmp_path):
    """The rules and their tests, copied."""
    for folder in (RULES, TESTS):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    return tmp_path


def functions(path):
    return {
        node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("topic", ["storage", "files"], ids=["existing file", "new file"])
def test_add_check_writes_the_rule_and_its_tests(checkout, topic):
    shown = add_check(topic, "inode_exhaustion", "3.1", checkout)
    assert f"{topic}.inode_exhaustion" in shown
    rule = checkout / RULES / f"{topic}.py"
    assert "inode_exhaustion" in functions(rule)
    assert 'crosses="3.1"' in rule.read_text()
    assert {
        "test_inode_exhaustion_healthy_installation_is_silent",
        "test_inode_exhaustion_violation_is_found",
    } <= functions(checkout / TESTS / f"test_{topic}.py")


@pytest.mark.parametrize(
    ("topic", "name", "crosses", "reason"),
    [
        ("nowhere", "inode_exhaustion", "", "there is no topic 'nowhere'"),
        ("storage", "Inode-Exhaustion", "", "is not a function name"),
        ("storage", "class", "", "is not a function name"),
        ("storage", "low_space", "", "exists already"),
        ("storage", "inode_exhaustion", "banana", "is not a release"),
    ],
)
def test_add_check_wrong_input_is_refused_and_nothing_is_written(
    checkout, topic, name, crosses, reason
):
    before = (checkout / RULES / "storage.py").read_text()
    with pytest.raises(ValueError, match=reason):
        add_check(topic, name, crosses, checkout)
    assert (checkout / RULES / "storage.py").read_text() == before
