"""Bytecode is copied from an installed module with the same content, and otherwise compiled."""

import importlib.util
import os
import py_compile
import subprocess
import sys

import pytest

from nautobot_upgrade_jobs.target import bytecode

CODE = "ANSWER = 1\n"
MARK = b"of the installed module"


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Return the packages of the installation and those of a built environment."""
    installed, built = tmp_path / "installed", tmp_path / "built"
    for folder in (installed / "pack", built / "pack"):
        folder.mkdir(parents=True)
    monkeypatch.setattr(bytecode, "LIVE_PACKAGES", installed)
    return installed / "pack", built / "pack"


def write(path, code=CODE, seconds=1_000_000_000):
    path.write_text(code)
    os.utime(path, (seconds, seconds))
    return path


def compile_installed(path):
    """Compile an installed module, with bytecode that shows from where it is."""
    py_compile.compile(str(path), doraise=True)
    compiled = bytecode_of(path)
    compiled.write_bytes(compiled.read_bytes() + MARK)
    return compiled


def bytecode_of(path):
    return path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"


def compile_built(built):
    bytecode.compile_modules(sys.executable, built.parent, ["pack"], 60)


def test_compile_modules_copies_the_bytecode_of_an_equal_module(packages):
    installed, built = packages
    compile_installed(write(installed / "one.py"))
    copy = write(built / "one.py", seconds=1_500_000_000)
    compile_built(built)
    assert bytecode_of(copy).read_bytes().endswith(MARK)
    words = [sys.executable, "-v", "-c", "import pack.one; print(pack.one.__file__)"]
    done = subprocess.run(words, cwd=built.parent, capture_output=True, text=True, check=True)
    assert f"matches {copy}" in done.stderr  # Python accepts the copy.
    assert "code object from" in done.stderr


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(lambda path: None, id="not compiled"),
        pytest.param(lambda path: (compile_installed(path), write(path, seconds=1)), id="outdated"),
        pytest.param(
            lambda path: (compile_installed(path), write(path, "ANSWER = 2\n")), id="other content"
        ),
        pytest.param(lambda path: compile_installed(path).write_bytes(b"short"), id="cut"),
        pytest.param(
            lambda path: compile_installed(path).write_bytes(b"\0" * 16 + MARK), id="other Python"
        ),
        pytest.param(lambda path: path.unlink(), id="not installed"),
    ],
)
def test_compile_modules_compiles_all_others(packages, prepare):
    installed, built = packages
    prepare(write(installed / "one.py"))
    copy = write(built / "one.py")
    compile_built(built)
    compiled = bytecode_of(copy).read_bytes()
    assert not compiled.endswith(MARK)
    assert compiled.startswith(importlib.util.MAGIC_NUMBER)
