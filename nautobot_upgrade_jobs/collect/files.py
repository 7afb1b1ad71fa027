"""Files outside of the database: media, Jobs, clones of repositories, and the deployment's own."""

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
from . import Context, explain
from .support.redaction import digest

MAX_HASHED_BYTES = 16 * 2**20
"""Bytes; of larger files the size has to do."""
MAX_FILES = 20_000
BUDGET_SECONDS = 60
COMMIT_PATTERN = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
BRANCH_PATTERN = re.compile(r"refs/[\w./-]+")
UNIT_FOLDERS = ("/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system")
DEPLOYMENT_FILES = ("nautobot_config.py", "local_requirements.txt", "uwsgi.ini")


class TooManyFilesError(RuntimeError):
    """There is more in a folder than a snapshot can hold."""


def collect(_: Context) -> Files:
    """Look at every folder that belongs to the installation."""
    return Files(
        media=_attempt(_list_media),
        jobs=_attempt(lambda: _list_tree(Path(settings.JOBS_ROOT), (".py",))),
        git=_attempt(_read_git_heads),
        deployment=_attempt(_digest_deployment_files),
        configuration=_attempt(_digest_configuration),
        distributions=_attempt(_digest_distributions),
    )


def _attempt(look: Callable[[], Iterator[tuple[str, str]]]) -> Listing | Unavailable:
    try:
        return Listing(dict(look()))
    except (OSError, ValueError, SyntaxError, TooManyFilesError, AttributeError) as error:
        return Unavailable(explain(error))


def _list_media() -> Iterator[tuple[str, str]]:
    if not isinstance(default_storage, FileSystemStorage):
        raise ValueError("media are not kept in a folder")
    return _list_tree(Path(settings.MEDIA_ROOT), ())


def _list_tree(root: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what is below a folder; links are named with where they lead, and not followed."""
    end, number = time.monotonic() + BUDGET_SECONDS, 0
    for folder, folders, names in os.walk(root, onerror=raise_unless_missing):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__"))
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(folder, name)
            if endings and path.suffix not in endings and name not in links:
                continue
            number += 1
            if number > MAX_FILES or time.monotonic() > end:
                raise TooManyFilesError(f"over {number - 1} files, or more than time allows")
            yield str(path.relative_to(root)), _describe_file(path)


def raise_unless_missing(error: OSError) -> None:
    """Let ``os.walk`` stop at what it may not read."""
    if not isinstance(error, FileNotFoundError):  # no folder, no files
        raise error


def _describe_file(path: Path) -> str:
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        return f"link to {os.readlink(path)}"
    if not stat.S_ISREG(about.st_mode):
        return "no file"  # to read from a pipe could take for ever
    if about.st_size > MAX_HASHED_BYTES:
        return f"{about.st_size} bytes"
    return f"{about.st_size} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _read_git_heads() -> Iterator[tuple[str, str]]:
    """Yield the checked-out commit of every clone, without running git."""
    root = Path(settings.GIT_ROOT)
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        head = folder / ".git" / "HEAD"
        if head.is_file():
            yield folder.name, _resolve_commit(folder / ".git", head.read_text().strip())


def _resolve_commit(folder: Path, head: str) -> str:
    """Return the commit that a HEAD means: by itself, by a file of its branch, or packed."""
    if COMMIT_PATTERN.fullmatch(head):
        return head
    branch = head.removeprefix("ref: ")
    if not BRANCH_PATTERN.fullmatch(branch) or ".." in branch:
        return "not understood"
    if (folder / branch).is_file():
        found = (folder / branch).read_text().strip()
        return f"{branch} {found}" if COMMIT_PATTERN.fullmatch(found) else "not understood"
    packed = folder / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    commits = [line.partition(" ")[0] for line in lines if line.endswith(f" {branch}")]
    return f"{branch} {commits[0]}" if commits else f"{branch}, no commit"


def _digest_deployment_files() -> Iterator[tuple[str, str]]:
    """Yield the files that decide how Nautobot is installed and started, by keyed digest."""
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
    """Yield the statements of ``nautobot_config.py`` by what they assign, as keyed digests."""
    source = Path(str(settings.SETTINGS_PATH)).read_text("utf-8")
    seen: Counter[str] = Counter()
    for node in ast.parse(source).body:
        name = _find_assigned_name(node) or type(node).__name__.lower()
        seen[name] += 1
        key = name if seen[name] == 1 else f"{name} ({seen[name]})"
        yield key, f"digest {digest(ast.get_source_segment(source, node))}"


def _find_assigned_name(node: ast.stmt) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    names = (
        sub.id for target in targets if target for sub in ast.walk(target) if hasattr(sub, "id")
    )
    return next(names, "")


def _digest_distributions() -> Iterator[tuple[str, str]]:
    """Yield a digest of the files that each distribution brought."""
    for one in distributions():
        name = canonicalize_name(one.name or "")
        if name:
            yield name, f"digest {_digest_record(one)}"


def _digest_record(one: Distribution) -> str:
    lines = (one.read_text("RECORD") or "").splitlines()
    kept = sorted(line for line in lines if not line.startswith("../") and ",sha256=" in line)
    kept = [line for line in kept if ".dist-info/" not in line]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]
