"""The Python bounds of the catalog are those that the package index states.

The index is the one that pip is configured to use; one request tells the bounds of all releases.
"""

import json
import shutil
import subprocess
import sys

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from nautobot_upgrade_jobs.catalog import Catalog, load_catalog

ASK_THE_INDEX = """
import json
from pip._internal.commands import create_command

command = create_command("download")
options, _ = command.parse_args(["--retries", "0", "--timeout", "30", "-qqq", "nautobot"])
with command._build_session(options) as session:
    finder = command._build_package_finder(options, session, ignore_requires_python=True)
    found = finder.find_all_candidates("nautobot")
print(json.dumps({str(each.version): each.link.requires_python for each in found}))
"""

pytestmark = pytest.mark.network


def interpreter_with_pip() -> list[str]:
    for python in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        if subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0:
            return [python]
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("there is neither pip nor uv to ask the package index with")
    return [uv, "run", "--quiet", "--no-project", "--isolated", "--with", "pip", "python"]


@pytest.fixture(scope="module")
def published() -> dict[str, str]:
    """Requires-Python of every published release."""
    command = [*interpreter_with_pip(), "-c", ASK_THE_INDEX]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=180)
    releases = json.loads(answer.stdout) if answer.returncode == 0 else {}
    if not releases:
        pytest.skip(f"the package index cannot be reached: {answer.stderr.strip()[-300:]}")
    return releases


@pytest.mark.parametrize("line", [line.name for line in load_catalog().lines])
def test_bounds_are_those_of_the_index(
    catalog: Catalog, published: dict[str, str], line: str
) -> None:
    for release in catalog.lines[[each.name for each in catalog.lines].index(line)].releases:
        assert SpecifierSet(release.python) == SpecifierSet(published[release.version])


def test_no_published_release_is_missing(catalog: Catalog, published: dict[str, str]) -> None:
    final = [version for version in published if not Version(version).is_prerelease]
    assert {version for version in final if catalog.status(version) == "nonexistent"} == set()
