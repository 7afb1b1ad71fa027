"""Build a reproducible wheel and sdist with the documentation: ``make dist``."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from .process import log_message, run
from .venvs import REPOSITORY

SITE = Path("nautobot_upgrade_jobs", "docs")
"""The folder of the built pages in the package, from which the App serves them."""
EARLIEST_EPOCH = "315532800"
"""1980-01-01, the earliest time of a file in a wheel."""


def environment(tree: Path) -> dict[str, str]:
    """Time and hash seed by which builds do not differ: the time given, or of the last commit."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch and (tree / ".git").exists():
        asked = ["git", "-C", str(tree), "log", "-1", "--format=%ct"]
        epoch = run(asked, what="asking Git for the last commit").strip()
    return {**os.environ, "SOURCE_DATE_EPOCH": epoch or EARLIEST_EPOCH, "PYTHONHASHSEED": "0"}


def build_site(tree: Path = REPOSITORY) -> Path:
    """Build the pages into the package; a warning is an error."""
    command = [sys.executable, "-m", "mkdocs", "-q", "build", "--clean"]
    run(command, env=environment(tree), cwd=tree, what="building the documentation")
    return tree / SITE


def build(folder: Path, tree: Path = REPOSITORY) -> list[Path]:
    """Build wheel and sdist of a tree, with its documentation, into a new folder."""
    build_site(tree)
    return pack(folder, tree)


def pack(folder: Path, tree: Path, *targets: str) -> list[Path]:
    """Pack a tree that has its documentation; ``targets`` as hatchling calls them, or all."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    chosen = [word for one in targets for word in ("--target", one)]
    run([*command, *chosen], env=environment(tree), cwd=tree, what="building wheel and sdist")
    return sorted(folder.iterdir())


if __name__ == "__main__":
    if sys.argv[1:] == ["site"]:
        log_message(f"documentation: {build_site().relative_to(REPOSITORY)}/index.html")
    else:
        for path in build(REPOSITORY / "dist"):
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            log_message(f"dist/{path.name}: {len(data) // 1024} kB, sha256 {digest}")
