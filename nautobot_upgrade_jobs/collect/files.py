"""Collect files outside the database: media, Jobs, Git clones and deployment files."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from packaging.utils import canonicalize_name

from ..facts import Files, Listing, Unavailable
from ..facts.file_groups import list_or_group
from .context import Context, attempt
from .support.redaction import digest

MAX_HASHED_BYTES = 16 * 2**20
"""Larger files are described by their size only."""
MAX_LISTED_FILES = 20_000
"""The files of a larger folder are grouped."""
BUDGET_SECONDS = 60
COMMIT_PATTERN = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
BRANCH_PATTERN = re.compile(r"refs/[\w./-]+")
UNKNOWN_HEAD = "unknown commit"
UNIT_FOLDERS = ("/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system")
DEPLOYMENT_FILES = ("nautobot_config.py", "local_requirements.txt", "uwsgi.ini")


class FolderTimeoutError(RuntimeError):
    """Reading a folder takes too long."""


def collect(_: Context) -> Files:
    """List the files of every folder of the installation."""
    return Files(
        media=_list_files(_list_media),
        jobs=_list_files(lambda: _list_tree(Path(settings.JOBS_ROOT), (".py",))),
        git=_list_files(_read_git_heads),
        deployment=_list_files(_digest_deployment_files),
        configuration=_list_files(_digest_configuration),
        distributions=_list_files(_digest_distributions),
    )


def _list_files(items: Callable[[], Iterator[tuple[str, str]]]) -> Listing | Unavailable:
    return attempt(
        lambda: list_or_group(items(), MAX_LISTED_FILES),
        expected=(OSError, ValueError, SyntaxError, FolderTimeoutError, AttributeError),
    )


def _list_media() -> Iterator[tuple[str, str]]:
    if not isinstance(default_storage, FileSystemStorage):
        raise ValueError("media files are not stored in a folder")
    return _list_tree(Path(settings.MEDIA_ROOT), ())


def _list_tree(root: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the files below a folder. The description of a symbolic link is its target."""
    end, number = time.monotonic() + BUDGET_SECONDS, 0
    for folder, folders, names in os.walk(root, onerror=raise_unless_missing):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__"))
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(folder, name)
            if endings and path.suffix not in endings and name not in links:
                continue
            number += 1
            if time.monotonic() > end:
                raise FolderTimeoutError(
                    f"only {number} files were read within {BUDGET_SECONDS} seconds"
                )
            yield str(path.relative_to(root)), _describe_file(path)


def raise_unless_missing(error: OSError) -> None:
    """Raise an error of ``os.walk``, unless the folder does not exist."""
    if not isinstance(error, FileNotFoundError):  # A missing folder has no files.
        raise error


def _describe_file(path: Path) -> str:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return f"link to {os.readlink(path)}"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"  # Reading from a pipe could block.
    if status.st_size > MAX_HASHED_BYTES:
        return f"{status.st_size} bytes"
    return f"{status.st_size} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _read_git_heads() -> Iterator[tuple[str, str]]:
    """Yield the checked-out commit of every clone, without running git."""
    root = Path(settings.GIT_ROOT)
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        head = folder / ".git" / "HEAD"
        if head.is_file():
            yield folder.name, _resolve_commit(folder / ".git", head.read_text().strip())


def _resolve_commit(folder: Path, head: str) -> str:
    """Return the commit of a HEAD: from HEAD itself, the branch file or ``packed-refs``."""
    if COMMIT_PATTERN.fullmatch(head):
        return head
    branch = head.removeprefix("ref: ")
    if not BRANCH_PATTERN.fullmatch(branch) or ".." in branch:
        return UNKNOWN_HEAD
    if (folder / branch).is_file():
        commit = (folder / branch).read_text().strip()
        return f"{branch} {commit}" if COMMIT_PATTERN.fullmatch(commit) else UNKNOWN_HEAD
    packed = folder / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    commits = [line.partition(" ")[0] for line in lines if line.endswith(f" {branch}")]
    return f"{branch} {commits[0]}" if commits else f"{branch}, no commit"


def _digest_deployment_files() -> Iterator[tuple[str, str]]:
    """Yield the path and an HMAC of each file that controls installation and start."""
    root = Path(settings.NAUTOBOT_ROOT)
    paths = [root / name for name in DEPLOYMENT_FILES]
    for folder in UNIT_FOLDERS:
        paths += sorted(Path(folder).glob("nautobot*.service"))
    for path in paths:
        if path.is_file():
            try:
                yield str(path), f"digest {digest(path.read_bytes())}"
            except PermissionError:
                yield str(path), "not readable"


def _digest_configuration() -> Iterator[tuple[str, str]]:
    """Yield the assigned name and an HMAC of each statement of ``nautobot_config.py``."""
    source = Path(str(settings.SETTINGS_PATH)).read_text("utf-8")
    counts: Counter[str] = Counter()
    for node in ast.parse(source).body:
        name = _find_assigned_name(node) or type(node).__name__.lower()
        counts[name] += 1
        key = name if counts[name] == 1 else f"{name} ({counts[name]})"
        yield key, f"digest {digest(ast.get_source_segment(source, node))}"


def _find_assigned_name(statement: ast.stmt) -> str:
    targets = (
        statement.targets
        if isinstance(statement, ast.Assign)
        else [getattr(statement, "target", None)]
    )
    names = (
        node.id for target in targets if target for node in ast.walk(target) if hasattr(node, "id")
    )
    return next(names, "")


def _digest_distributions() -> Iterator[tuple[str, str]]:
    """Yield a digest of the files of each distribution."""
    for distribution in distributions():
        name = canonicalize_name(distribution.name or "")
        if name:
            yield name, f"digest {_digest_record(distribution)}"


def _digest_record(distribution: Distribution) -> str:
    lines = (distribution.read_text("RECORD") or "").splitlines()
    kept = sorted(line for line in lines if not line.startswith("../") and ",sha256=" in line)
    kept = [line for line in kept if ".dist-info/" not in line]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]
