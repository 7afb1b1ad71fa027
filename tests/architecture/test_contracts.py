"""Properties of the whole code base: import contracts, sizes, mirrors, generated pages."""

import ast
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from development import catalog_page, checks_page
from nautobot_upgrade_jobs import __version__
from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.checks.registry import all_checks
from nautobot_upgrade_jobs.facts import Facts

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nautobot_upgrade_jobs"
UNIT = ROOT / "tests" / "unit"
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
"""Lines, the signature and docstring included."""
NOT_TOPICS = {"__init__", "context"}
"""Modules of ``collect`` that are no topic."""
NOT_OF_ONE_TOPIC = {
    "backup",
    "chart",
    "data_migrations",
    "expectations",
    "models",
    "packages",
    "rehearsal",
    "rehearsed",
    "releases",
    "rollback",
    "session_settings",
    "target",
    "trial_boot",
}
"""Rule files whose evidence is not the topic of the same name."""
NO_MODULE = {"catalog/test_data", "test_package"}
"""Unit tests of data, of several modules at once, or of the package itself."""


@cache
def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


def package_files():
    return sorted(PACKAGE.rglob("*.py"))


def stems(folder):
    return {path.stem for path in folder.glob("*.py")}


def lint_imports(folder):
    """Run import-linter on a checkout; its exit code and output."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
    ]
    done = subprocess.run(
        [*command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def checkout(tmp_path):
    """A copy of the package with its contracts, to plant violations in."""
    shutil.copytree(
        PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "docs")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_import_contracts_are_kept():
    code, output = lint_imports(ROOT)
    assert code == 0, output


@pytest.mark.parametrize(
    ("module", "line"),
    [
        pytest.param("checks/rules/rollback.py", "from . import migrations", id="rules"),
        pytest.param("ui/release_status.py", "from ..jobs import base", id="page imports job"),
        pytest.param("rollback/losses.py", "from ..runbook import steps", id="upwards"),
        pytest.param("report/model.py", "import django", id="pure layer imports django"),
        pytest.param("common/text.py", "from ..facts import base", id="lowest layer"),
    ],
)
def test_import_contracts_violation_is_refused(checkout, module, line):
    path = checkout / PACKAGE.name / module
    future = "from __future__ import annotations\n"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace(future, f"{future}{line}\n", 1) if future in text else f"{text}\n{line}\n"
    )
    code, output = lint_imports(checkout)
    assert code == 1, output


def test_import_contracts_name_every_module_of_the_package_root():
    """A new room needs a place in the layers, or import-linter fails (exhaustive)."""
    assert "exhaustive = true" in (ROOT / "pyproject.toml").read_text()


def test_imports_inside_the_package_are_relative():
    """A Git repository of Jobs is imported under its slug."""
    for path in package_files():
        for node in ast.walk(tree_of(path)):
            names = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            )
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.startswith(PACKAGE.name)], path


WRITES_TO_A_PARENT_PROCESS = {
    "probes/installed.py",
    "probes/startup.py",
    "target/isolation/launcher.py",
}


def test_only_the_printer_writes_to_the_terminal():
    """Text of a hostile file could contain control sequences."""
    writers = {
        str(path.relative_to(PACKAGE))
        for path in package_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and re.search(r"^print$|\b(stdout|stderr)\.write$", ast.unparse(node.func))
    }
    assert writers == {"cli/output.py", *WRITES_TO_A_PARENT_PROCESS}


def test_package_root_holds_only_what_nautobot_or_python_looks_for():
    assert stems(PACKAGE) == {
        *("__init__", "__main__", "apps", "urls", "permissions", "app_settings", "system_checks"),
        "job_registration",
    }


def test_collectors_mirror_the_topics():
    assert stems(PACKAGE / "collect") - NOT_TOPICS == set(Facts.topics())


def test_every_topic_has_its_facts_in_the_file_of_its_name():
    places = {topic: Facts.type_of(topic).__module__.rpartition(".")[2] for topic in Facts.topics()}
    elsewhere = {topic: place for topic, place in places.items() if place != topic}
    assert elsewhere == {"planned_reversal": "reversal"}


def test_every_rule_file_has_the_name_of_a_topic_or_of_other_evidence():
    rules = stems(PACKAGE / "checks" / "rules") - {"__init__"}
    assert rules - set(Facts.topics()) <= NOT_OF_ONE_TOPIC


def test_every_rule_file_has_a_test_file_and_no_other():
    rules = stems(PACKAGE / "checks" / "rules") - {"__init__"}
    tests = stems(UNIT / "checks" / "rules") - {"__init__", "conftest"}
    assert tests == {f"test_{name}" for name in rules}


def test_every_check_has_a_finding_in_a_golden_file():
    """A check whose function is muted then differs from its golden file."""
    golden = (UNIT / "checks" / "rules" / "golden").glob("*.json")
    found = {
        finding["check"]
        for path in golden
        for findings in json.loads(path.read_text("utf-8")).values()
        for finding in findings
    }
    assert found == {check.id for check in all_checks()}


def test_every_unit_test_file_is_named_for_a_module():
    for path in UNIT.rglob("test_*.py"):
        name = path.relative_to(UNIT).with_suffix("").as_posix()
        folder, _, stem = name.rpartition("/")
        module = PACKAGE / folder / stem.removeprefix("test_")
        is_module = module.with_suffix(".py").exists() or module.is_dir()
        assert is_module or name in NO_MODULE, name


def test_nothing_outgrows_its_name():
    for path in package_files():
        assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE, path
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{path}: {node.name}"


def test_pure_layers_load_neither_django_nor_nautobot():
    code = (
        "import sys; from nautobot_upgrade_jobs.checks.registry import all_checks; all_checks(); "
        "import nautobot_upgrade_jobs.report, nautobot_upgrade_jobs.facts.serialization; "
        "print([m for m in ('django', 'nautobot', 'celery') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_generated_pages_are_fresh():
    assert checks_page.PAGE.read_text() == checks_page.render(), "run: make docs"
    assert catalog_page.PAGE.read_text() == catalog_page.render(load_catalog()), "run: make docs"


def test_changelog_has_this_version():
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_package_neither_requires_nautobot_nor_limits_it():
    """An upgrade tool must neither upgrade Nautobot nor block the next release."""
    text = (ROOT / "pyproject.toml").read_text()
    required = text.partition("\ndependencies = [")[2].partition("]")[0]
    assert required
    assert "nautobot" not in required
    assert "max_version =" not in (PACKAGE / "apps.py").read_text()


def test_every_command_in_a_finding_works_before_3_2_7():
    """`nautobot-server shell -c` would be taken for the path of a configuration file."""
    for path in (PACKAGE / "checks").rglob("*.py"):
        assert "shell -c" not in path.read_text()
