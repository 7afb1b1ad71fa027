"""Compile the modules of a built environment before code of the target runs.

A trial boot could plant bytecode that a later start would run. So it may only read the environment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from .deadline import Deadline
from .uv import kill_process_group

MAX_PROCESSES = 8
LIVE_PACKAGES = Path(sysconfig.get_path("purelib"))
HEADER = struct.Struct("<4sLLL")
"""Of bytecode: magic number, flags, and time and size of the source if the flags are zero."""
BYTECODE_FOLDER = "__pycache__"
NOT_STARTED_FOLDER = "tests"
"""A start imports no tests."""


def compile_modules(
    interpreter: str, site_packages: Path, packages: Iterable[str], seconds: float
) -> None:
    """Compile what a start of Nautobot probably imports. A start compiles the rest in memory.

    These are the modules that this process has imported, and all modules of some packages. A module
    that is installed here with the same content is not compiled again: its bytecode is copied.
    Nothing of the environment is imported.

    Args:
        interpreter: The interpreter of the environment.
        site_packages: The folder of its packages.
        packages: Names of packages, such as that of Nautobot.
        seconds: The compilation is stopped after this time.
    """
    files = sorted({*_find_imported(site_packages), *_find_modules(site_packages, packages)})
    for file in files:
        with contextlib.suppress(OSError, ValueError, struct.error):  # It will be compiled.
            _copy_bytecode(LIVE_PACKAGES / file.relative_to(site_packages), file)
    number = min(len(os.sched_getaffinity(0)), MAX_PROCESSES)
    deadline = Deadline(seconds)
    # compileall uses several processes for a folder only, not for a list of files.
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(_start_compiler(interpreter, files[part::number]))
            for part in range(number)
        ]
        with contextlib.suppress(subprocess.TimeoutExpired):
            for process in processes:
                process.wait(max(0, deadline.remaining))


def _copy_bytecode(installed: Path, copy: Path) -> None:
    """Copy the bytecode of an installed module to a module with the same content.

    The compiler skips a module whose bytecode has the time and the size of its source.

    Raises:
        OSError: The module is not installed, or has no bytecode of this interpreter.
        ValueError: Its content differs, or its bytecode is outdated.
        struct.error: Its bytecode is incomplete.
    """
    source, content = installed.read_bytes(), copy.read_bytes()
    compiled = Path(importlib.util.cache_from_source(str(installed), optimization=""))
    bytecode = compiled.read_bytes()
    current = _build_header(installed, len(source))
    if source != content or HEADER.unpack_from(bytecode) != current:
        raise ValueError(f"{installed} has no bytecode for {copy}")
    folder = copy.parent / BYTECODE_FOLDER
    folder.mkdir(exist_ok=True)
    header = HEADER.pack(*_build_header(copy, len(content)))
    (folder / compiled.name).write_bytes(header + bytecode[HEADER.size :])


def _build_header(source: Path, size: int) -> tuple[bytes, int, int, int]:
    """Return the header of bytecode that belongs to this state of its source."""
    return importlib.util.MAGIC_NUMBER, 0, int(source.stat().st_mtime) & 0xFFFFFFFF, size


@contextlib.contextmanager
def _start_compiler(interpreter: str, files: Iterable[Path]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that compiles files. Kill it at the end of the context."""
    with tempfile.TemporaryFile() as names:
        names.write("".join(f"{file}\n" for file in files).encode())
        names.seek(0)
        process = subprocess.Popen(  # noqa: S603 - the standard library, without site-packages
            [interpreter, "-I", "-S", "-m", "compileall", "-q", "-i", "-"],
            stdin=names,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            kill_process_group(process)


def _find_imported(site_packages: Path) -> Iterator[Path]:
    """Yield the files of an environment with the names of the modules of this process."""
    for module in tuple(sys.modules.values()):
        # A lazy module would import something if its attributes were read.
        file = module.__dict__.get("__file__") if isinstance(module, ModuleType) else None
        if file and file.endswith(".py") and Path(file).is_relative_to(LIVE_PACKAGES):
            path = site_packages / Path(file).relative_to(LIVE_PACKAGES)
            if path.is_file():
                yield path


def _find_modules(site_packages: Path, packages: Iterable[str]) -> Iterator[Path]:
    for name in packages:
        for path in (*site_packages.glob(f"{name}.py"), *(site_packages / name).rglob("*.py")):
            if NOT_STARTED_FOLDER not in path.relative_to(site_packages).parts:
                yield path
