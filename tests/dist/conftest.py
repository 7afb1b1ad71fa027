"""The distributions, as users install them; ``make test-dist`` starts the instances."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("hatchling") is None:  # the unit tests run without it
    collect_ignore_glob = ["test_*"]

from development import dist
from development.instance import Instance
from development.venvs import REPOSITORY
from tests.dist.host import Host


def copy_of_the_tree(folder: Path) -> Path:
    """Copy all files of this checkout that a commit would contain."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A copy of this checkout."""
    return copy_of_the_tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def built(tree, tmp_path_factory):
    """The sdist and the wheel."""
    wheel, sdist = dist.build(tmp_path_factory.mktemp("dist"), tree)
    assert (wheel.suffix, sdist.suffix) == (".whl", ".gz")
    return wheel, sdist


@pytest.fixture(scope="session")
def host(built, tmp_path_factory):
    """Return a function that builds a host with the App, as the documentation says."""
    made = {}

    def find(version, kind=""):
        if (version, kind) not in made:
            folder = tmp_path_factory.mktemp(f"host-{version}-{kind}")
            one = Host(Instance(version, "postgresql", kind), folder, built[0].parent)
            one.build()
            one.must("pip install nautobot-upgrade-jobs")
            made[version, kind] = one
        return made[version, kind]

    yield find
    for one in made.values():
        one.remove()
