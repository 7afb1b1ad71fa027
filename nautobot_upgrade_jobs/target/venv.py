"""Builds the target: an environment of its own with exactly the resolved set."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.utils import canonicalize_name

from ..facts.packages import Package
from ..facts.resolution import Resolution
from .resolver import CONSTRAINTS_FILE
from .root_requirements import RootRequirements
from .scratch_dir import measure_mebibytes
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_config import UV_TOML, index_cache_configuration, uv_configuration
from .uv_output import remove_distributions

KEPT_PREFIX = "build-"
COMPLETE_MARKER = "complete"
SEED_PACKAGES = frozenset({"setuptools", "wheel"})
"""They come with an environment, not with a set; some import them without asking for them."""
IN_USE_SECONDS = 7200
"""A kept environment that was taken less than this ago may still be started from."""


class BuildFailed(Exception):
    """The environment could not be made; the message says why, free of credentials."""


def build(
    uv: Uv, resolution: Resolution, wishes: RootRequirements, *, limit: int, keep: int
) -> Path:
    """Make the environment of a resolved set.

    Args:
        uv: The installer; its folder is worked in.
        resolution: The set. Every file of it is checked against its hash.
        wishes: What is installed here. What no index has, or has only as source, is copied as it
            is; nothing of it is built.
        limit: MiB that the environment may take.
        keep: How many environments stay for runs that want the same set; the oldest go.

    Returns:
        The folder of the environment.

    Raises:
        BuildFailed: There is no environment.
    """
    copied = tuple(_packages_to_copy(resolution, wishes))
    folder = uv.folder / "venv"
    try:
        if not keep:
            _install(uv, folder, resolution, copied, limit)
            return folder
        kept = uv.folder.parent / f"{KEPT_PREFIX}{_build_cache_key(uv, resolution, copied)}"
        if (kept / COMPLETE_MARKER).exists():
            (kept / COMPLETE_MARKER).touch()
            return kept
        _install(uv, folder, resolution, copied, limit)
        return _keep_environment(folder, kept, keep)
    except (ResolverFailed, Unsolvable, OSError) as error:
        raise BuildFailed(str(error)) from None


def _install(
    uv: Uv, folder: Path, resolution: Resolution, copied: Iterable[Package], limit: int
) -> None:
    names = {canonicalize_name(one.name) for one in copied}
    (uv.folder / UV_TOML).write_text(
        uv_configuration((), (), index_cache_configuration(uv)), "utf-8"
    )
    (uv.folder / CONSTRAINTS_FILE).write_text(
        remove_distributions(names, resolution.constraints), "utf-8"
    )
    uv.run(["venv", "--quiet", "--no-project", "--relocatable", "--python", uv.python, str(folder)])
    built = [word for name in resolution.unverified for word in ("--no-binary", name)]
    uv.run(
        [
            *("pip", "sync", "--quiet", "--require-hashes"),
            *("--python", str(folder / "bin" / "python")),
            *("--only-binary", ":all:", *built, CONSTRAINTS_FILE),
        ],
        lambda: describe_size_violation(folder, limit),
    )
    if reason := describe_size_violation(folder, limit):  # it can be faster than the watch
        raise BuildFailed(reason)
    for one in copied:
        _copy_distribution(one.name, folder)


def describe_size_violation(folder: Path, limit: int) -> str:
    """Return why to stop, if a folder has more MiB than it may; nothing else."""
    if measure_mebibytes(folder) <= limit:
        return ""
    return f"it takes more than {limit} MiB, the limit of the App's setting 'build_megabytes'"


def _packages_to_copy(resolution: Resolution, wishes: RootRequirements) -> Iterator[Package]:
    """Yield what is taken from here: no index has it, or only its source."""
    unknown = {canonicalize_name(one) for one in (*resolution.local, *resolution.not_on_index)}
    source = {canonicalize_name(one.partition("==")[0]) for one in resolution.sdist_only}
    names = source | (unknown | SEED_PACKAGES) - {one.name for one in resolution.packages}
    for one in wishes.packages.installed:
        if canonicalize_name(one.name) in names:
            yield one


def _copy_distribution(name: str, folder: Path) -> None:
    """Copy the files of an installed distribution; an editable one is a path to its source."""
    with contextlib.suppress(PackageNotFoundError):
        found = distribution(name)
        site = Path(sysconfig.get_path("purelib", "posix_prefix", vars={"base": str(folder)}))
        for relative in _list_copyable_files(found):
            place = site / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(str(found.locate_file(relative))), place)


def _list_copyable_files(found: Distribution) -> Iterator[str]:
    for one in found.files or ():
        outside = ".." in one.parts or one.is_absolute()
        if not outside and "__pycache__" not in one.parts and Path(str(one.locate())).is_file():
            yield str(one)


def _build_cache_key(uv: Uv, resolution: Resolution, copied: Iterable[Package]) -> str:
    """Return a name for what is in an environment."""
    own = sorted(f"{one.name}=={one.version} {_read_record(one.name)}" for one in copied)
    content = "\n".join((resolution.constraints, sys.version, uv.python, *own))
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _read_record(name: str) -> str:
    try:
        return distribution(name).read_text("RECORD") or ""
    except PackageNotFoundError:
        return ""


def _keep_environment(folder: Path, kept: Path, number: int) -> Path:
    """Move an environment to where the next run finds it, and remove the oldest."""
    (folder / COMPLETE_MARKER).touch()
    if not (kept / COMPLETE_MARKER).exists():
        shutil.rmtree(kept, ignore_errors=True)  # what a killed run has left of it
    with contextlib.suppress(OSError):  # another run was faster
        folder.rename(kept)
    found = sorted(
        (one.stat().st_mtime, one) for one in kept.parent.glob(f"{KEPT_PREFIX}*/{COMPLETE_MARKER}")
    )
    for taken, mark in found[:-number]:
        if time.time() - taken > IN_USE_SECONDS:
            mark.unlink()
            shutil.rmtree(mark.parent, ignore_errors=True)
    return kept if (kept / COMPLETE_MARKER).exists() else folder
