"""Build a virtual environment with exactly the resolved package set."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ..facts.packages import Package
from ..facts.resolution import Resolution
from .bytecode import compile_modules
from .root_requirements import CORE, RootRequirements
from .scratch_dir import measure_mebibytes, remove_tree
from .solver import CONSTRAINTS_FILE
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_config import UV_TOML, index_cache_configuration, uv_configuration
from .uv_output import remove_distributions

KEPT_PREFIX = "build-"
COMPLETE_MARKER = "complete"
SEED_PACKAGES = frozenset({"setuptools", "wheel"})
"""Packages that are copied into every environment. Some code imports but does not require them."""
IN_USE_SECONDS = 7200
"""An environment that was used within this time may still be running, so it is not removed."""


class BuildFailed(Exception):
    """The environment could not be built. The message gives the reason without credentials."""


def build(
    uv: Uv, resolution: Resolution, roots: RootRequirements, *, limit: int, keep: int
) -> Path:
    """Build the environment of a package set.

    Args:
        uv: The installer. The environment is built in its folder.
        resolution: The package set. Every file is verified by its hash.
        roots: The installed packages. A package without a wheel on the index is copied, not built.
        limit: Maximum size of the environment in MiB.
        keep: Number of environments to keep for runs with the same package set.

    Returns:
        The folder of the environment.

    Raises:
        BuildFailed: The environment could not be built.
    """
    copied = tuple(_find_copies(resolution, roots))
    folder = uv.folder / "venv"
    try:
        kept = None
        if keep:
            kept = uv.folder.parent / f"{KEPT_PREFIX}{_build_cache_key(uv, resolution, copied)}"
            if (kept / COMPLETE_MARKER).exists():
                (kept / COMPLETE_MARKER).touch()
                return kept
        _install(uv, folder, resolution, copied, limit)
        packages = (CORE, *(app.module for app in roots.enabled_apps.enabled))
        seconds = max(0, uv.deadline.remaining)
        compile_modules(uv.python, _site_packages(folder), packages, seconds)
        return _keep_environment(folder, kept, keep) if kept else folder
    except (ResolverFailed, Unsolvable, OSError) as error:
        raise BuildFailed(str(error)) from None


def _install(
    uv: Uv, folder: Path, resolution: Resolution, copied: Iterable[Distribution], limit: int
) -> None:
    names = {canonicalize_name(installed.metadata["Name"]) for installed in copied}
    (uv.folder / UV_TOML).write_text(
        uv_configuration((), (), index_cache_configuration(uv)), "utf-8"
    )
    (uv.folder / CONSTRAINTS_FILE).write_text(
        remove_distributions(names, resolution.constraints), "utf-8"
    )
    uv.run(["venv", "--quiet", "--no-project", "--relocatable", "--python", uv.python, str(folder)])
    sdists = {pin.partition("==")[0] for pin in resolution.sdist_only} - names
    built = [word for name in {*resolution.unverified, *sdists} for word in ("--no-binary", name)]
    uv.run(
        [
            *("pip", "sync", "--quiet", "--require-hashes"),
            *("--python", str(folder / "bin" / "python")),
            *("--only-binary", ":all:", *built, CONSTRAINTS_FILE),
        ],
        lambda: describe_size_violation(folder, limit),
    )
    # The installation can end before uv.run measures the folder.
    if reason := describe_size_violation(folder, limit):
        raise BuildFailed(reason)
    for installed in copied:
        _copy_distribution(installed, folder)


def describe_size_violation(folder: Path, limit: int) -> str:
    """Return why a folder is too large. Empty if it is within the limit in MiB."""
    if measure_mebibytes(folder) <= limit:
        return ""
    return f"it is larger than {limit} MiB, the limit of the App's setting 'build_megabytes'"


def _packages_to_copy(resolution: Resolution, roots: RootRequirements) -> Iterator[Package]:
    """Yield installed packages that are not on the index, or have no wheel there."""
    missing = {canonicalize_name(name) for name in (*resolution.local, *resolution.not_on_index)}
    sdists = {canonicalize_name(pin.partition("==")[0]) for pin in resolution.sdist_only}
    resolved = {package.name for package in resolution.packages}
    found = missing if roots.is_new_environment else missing | SEED_PACKAGES
    names = (frozenset() if roots.is_new_environment else sdists) | found - resolved
    for package in roots.packages.installed:
        if canonicalize_name(package.name) in names:
            yield package


def _find_copies(resolution: Resolution, roots: RootRequirements) -> Iterator[Distribution]:
    """Yield the installed distributions to copy."""
    search: dict[str, Any] = {"path": list(roots.site_paths)} if roots.site_paths else {}
    for package in _packages_to_copy(resolution, roots):
        yield from list(distributions(name=package.name, **search))[:1]


def _copy_distribution(installed: Distribution, folder: Path) -> None:
    """Copy the files of an installed distribution. Editable installs link to their source."""
    site_packages = _site_packages(folder)
    for relative in _list_copyable_files(installed):
        path = site_packages / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(str(installed.locate_file(relative))), path)


def _site_packages(folder: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "posix_prefix", vars={"base": str(folder)}))


def _list_copyable_files(installed: Distribution) -> Iterator[str]:
    for file in installed.files or ():
        outside = ".." in file.parts or file.is_absolute()
        if not outside and "__pycache__" not in file.parts and Path(str(file.locate())).is_file():
            yield str(file)


def _build_cache_key(uv: Uv, resolution: Resolution, copied: Iterable[Distribution]) -> str:
    """Return a key that identifies the contents of an environment."""
    copies = sorted(
        f"{each.metadata['Name']}=={each.version} {each.read_text('RECORD') or ''}"
        for each in copied
    )
    content = "\n".join((resolution.constraints, sys.version, uv.python, *copies))
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _keep_environment(folder: Path, kept: Path, number: int) -> Path:
    """Move an environment to where later runs find it, and remove the oldest environments."""
    (folder / COMPLETE_MARKER).touch()
    if not (kept / COMPLETE_MARKER).exists():
        remove_tree(kept)  # A killed run has left it incomplete.
    with contextlib.suppress(OSError):  # Another run has kept the same environment.
        folder.rename(kept)
    markers = sorted(
        (path.stat().st_mtime, path)
        for path in kept.parent.glob(f"{KEPT_PREFIX}*/{COMPLETE_MARKER}")
    )
    for last_used, marker in markers[:-number]:
        if time.time() - last_used > IN_USE_SECONDS:
            marker.unlink()
            remove_tree(marker.parent)
    return kept if (kept / COMPLETE_MARKER).exists() else folder
