"""Virtual environments: one with uv, which creates one for each Nautobot."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .process import StackError, locked, log_message, run

REPOSITORY = Path(__file__).resolve().parent.parent
STACK = REPOSITORY / ".stack"

# Best first. Nautobot 2.4 has wheels for all its dependencies up to 3.12.
PYTHONS_2 = ("3.11", "3.10", "3.12")
PYTHONS_3 = ("3.12", "3.11", "3.13", "3.10", "3.14")


def cache_directory() -> Path:
    """Return the folder that all checkouts of this user share."""
    if own := os.environ.get("NAUTOBOT_UPGRADE_JOBS_CACHE"):
        return Path(own).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nautobot-upgrade-jobs"


def ensure_uv() -> Path:
    """The uv of our own tools environment, installed from PyPI on first use."""
    program = STACK / "tools" / "bin" / "uv"
    with locked(STACK / "tools.lock"):
        if not program.exists():
            log_message("installing uv")
            run(
                [sys.executable, "-m", "venv", "--clear", STACK / "tools"],
                what="python3 -m venv (Debian: apt install python3-venv)",
            )
            run(
                [program.parent / "python", "-m", "pip", "-q", "install", "uv>=0.8"],
                what="pip install uv",
            )
    return program


def find_python(version: str) -> Path:
    """The interpreter for a Nautobot version: $STACK_PYTHON if it knows it, or the best here."""
    known = PYTHONS_2 if version.startswith("2.") else PYTHONS_3
    wanted = [one for one in known if one == os.environ.get("STACK_PYTHON")] or known
    for number in wanted:
        if found := find_interpreter(number):
            return found
    raise StackError(
        f"no Python for Nautobot {version}: install one of {', '.join(wanted)} "
        "(looked on PATH, in pyenv and at the running Python)"
    )


def find_interpreter(number: str) -> Path | None:
    """The interpreter of a version such as 3.11, if there is one here."""
    candidates = _iter_python_candidates(number)
    found = (_resolve_python(candidate, number) for candidate in candidates)
    return next(filter(None, found), None)


def _iter_python_candidates(number: str) -> Iterator[Path]:
    """Yield the candidates for pythonX.Y; shims of pyenv on PATH do not always run."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder) / f"python{number}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{number}.*/bin/python"), reverse=True)
    yield Path(sys.executable)


def _resolve_python(candidate: Path, number: str) -> Path | None:
    """Return the real path of a candidate if it runs and has that version."""
    if not os.access(candidate, os.X_OK):
        return None
    base = "getattr(sys, '_base_executable', sys.executable)"  # Python 3.6 has no such name.
    ask = f"import sys; print('%d.%d' % sys.version_info[:2], {base})"
    shown = subprocess.run([str(candidate), "-c", ask], capture_output=True, text=True)
    version, _, path = shown.stdout.strip().partition(" ")
    return Path(path) if shown.returncode == 0 and version == number else None


def build(
    folder: Path, python: Path | None, groups: Sequence[str], requirements: Sequence[str] = ()
) -> Path:
    """Create or update an environment, unless it is up to date."""
    project = REPOSITORY / "pyproject.toml"
    wanted = repr((sorted(groups), sorted(requirements), project.read_text()))
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    stamp = folder / "stack-stamp"
    with locked(folder.with_name(f"{folder.name}.lock")):
        if stamp.exists() and stamp.read_text() == digest:
            return folder
        if not (folder / "bin" / "python").exists():
            shutil.rmtree(folder, ignore_errors=True)
            words = ["venv", "-q", "--no-project", "--python", python or sys.executable]
            run([ensure_uv(), *words, folder], env=_uv_env(), what=f"making {folder}")
        _install(folder, [f"--group={project}:{group}" for group in groups], requirements)
        stamp.write_text(digest)
    return folder


def copy_packages(source: Path, target: Path, listing: Path, *more: str | Path) -> None:
    """Create an environment with the packages of another one. Its files contain its path.

    Args:
        source: The environment to copy.
        target: The environment to create, with pip.
        listing: File for the list of packages.
        more: Further arguments of ``pip install``.
    """
    uv, python = [ensure_uv(), "-q"], source / "bin" / "python"
    packages = subprocess.check_output([*uv, "pip", "freeze", "--python", python], text=True)
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text(packages)
    subprocess.check_call([*uv, "venv", "--seed", "--python", python, target])
    words = ["--no-deps", "--python", target, "--requirement", listing, *more]
    subprocess.check_call([*uv, "pip", "install", *words])


def _install(folder: Path, groups: Sequence[str], requirements: Sequence[str]) -> None:
    """Install into an environment."""
    where = folder.relative_to(REPOSITORY)
    shown = [word for word in requirements if not word.startswith(("-", str(REPOSITORY)))]
    log_message(f"installing {', '.join(shown) or 'tools'} into {where}")
    words = ["pip", "install", "-q", "--python", str(folder / "bin" / "python")]
    # Compiled once here, not at every start: also where PYTHONDONTWRITEBYTECODE is set.
    words += ["--compile-bytecode", *groups, *requirements]
    run([ensure_uv(), *words], env=_uv_env(), what=f"installing into {where}", cwd=REPOSITORY)


def _uv_env() -> dict[str, str]:
    """Uv must take the interpreters that are here, and no environment of the caller."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "UV_PROJECT")
    }
    return {**env, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def build_nautobot(
    folder: Path, version: str, groups: Sequence[str], apps: Sequence[str] = ()
) -> Path:
    """The environment of one Nautobot: that release, this checkout, the test tools, more Apps."""
    requirements = [f"nautobot=={version}", "-e", str(REPOSITORY), *apps]
    python = None if (folder / "bin" / "python").exists() else find_python(version)
    return build(folder, python, groups, requirements)


def site_packages(venv: Path) -> Path:
    """Return the folder of the packages of an environment."""
    found = sorted(venv.glob("lib/python3*/site-packages"))
    if not found:
        raise StackError(f"{venv} is not a complete environment; delete it and try again")
    return found[0]
