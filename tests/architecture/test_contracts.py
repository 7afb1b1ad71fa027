"""The house keeps its own rules: layers, sizes, generated pages, and no word too many."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nautobot_upgrade_jobs"
PURE = (
    *("common", "facts", "catalog", "migration_graph", "upgrade", "rollback", "runbook"),
    *("checks", "report", "snapshot"),
)
BELOW = {
    "common": set(),
    "facts": {"common"},
    "catalog": {"facts", "common"},
    "migration_graph": {"facts", "catalog", "common"},
    "upgrade": {"facts", "catalog", "common"},
    "rollback": {"facts", "catalog", "migration_graph", "upgrade", "runbook", "common"},
    "runbook": {"facts", "rollback", "common"},
    "checks": {"facts", "catalog", "migration_graph", "upgrade", "rollback", "common"},
    "snapshot": {"facts", "catalog", "checks", "common"},
    "report": {
        *("facts", "catalog", "migration_graph", "upgrade", "rollback", "runbook", "checks"),
        *("snapshot", "common"),
    },
    "collect": {"facts", "catalog", "migration_graph", "rollback", "common"},
    "target": {"facts", "catalog", "upgrade", "rollback", "snapshot", "common"},
    "probes": {"facts", "collect", "checks", "migration_graph"},
    "cli": {"app_settings", "checks", "report"},
    "workflows": {
        *("facts", "catalog", "migration_graph", "upgrade", "rollback", "runbook", "checks"),
        *("snapshot", "report", "collect", "target", "common", "app_settings", "__version__"),
    },
    "ui": {
        *("facts", "catalog", "checks", "report", "common", "workflows", "app_settings"),
        "permissions",
    },
}
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 340
LONGEST_FUNCTION = 40


def imports(path: Path):
    """The modules of this package that a file imports, as paths below it, and all others."""
    own, foreign = set(), set()
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            names = tuple((node.module or "").split(".")) if node.module else ()
            own |= {(*base, *names)} if names else {(*base, one.name) for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            foreign.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            foreign |= {one.name.partition(".")[0] for one in node.names}
    return own, foreign


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    layer = path.relative_to(PACKAGE).parts[0]
    own, foreign = imports(path)
    assert "nautobot_upgrade_jobs" not in foreign, "imports inside the package are relative"
    if layer in BELOW:
        assert {module[0] for module in own} <= BELOW[layer] | {layer}
    if layer in PURE:
        assert not foreign & {"django", "nautobot", "celery"}


TOPICS = {path.stem for path in (PACKAGE / "collect").glob("*.py")}


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "checks" / "rules").glob("*.py")), ids=lambda p: p.stem
)
def test_rules_never_import_each_other(path):
    own, _ = imports(path)
    assert not [module for module in own if module[:2] == ("checks", "rules")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_outgrows_its_name(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION + 12, node.name


def test_every_topic_has_a_collector():
    from nautobot_upgrade_jobs.facts import Facts

    assert set(Facts.topics()) <= TOPICS


def test_the_pure_layers_load_neither_django_nor_nautobot():
    code = (
        "import sys; from nautobot_upgrade_jobs.checks.registry import all_checks; all_checks(); "
        "import nautobot_upgrade_jobs.report, nautobot_upgrade_jobs.facts.serialization; "
        "print([m for m in ('django', 'nautobot', 'celery') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_pages_that_are_made_are_fresh():
    from development import catalog_page, checks_page
    from nautobot_upgrade_jobs.catalog import load_catalog

    assert checks_page.PAGE.read_text() == checks_page.render(), "run: make docs"
    assert catalog_page.PAGE.read_text() == catalog_page.render(load_catalog()), "run: make docs"


def test_the_changelog_knows_this_version():
    from nautobot_upgrade_jobs import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_nautobot_has_no_upper_bound():
    """An upgrade tool must never be what stands in the way of the next release."""
    assert '\n  "nautobot>=2.4",\n' in (ROOT / "pyproject.toml").read_text()
    assert "max_version =" not in (PACKAGE / "apps.py").read_text()


def test_every_command_in_a_finding_works_before_3_2_7():
    """`nautobot-server shell -c` would be taken for the path of a configuration file."""
    for path in (PACKAGE / "checks").rglob("*.py"):
        assert "shell -c" not in path.read_text()
