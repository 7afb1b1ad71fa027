"""Find what the files of an installation say about Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..facts.deployment import InstallScript, NamedPython

NAMED_PYTHON = re.compile(r"\bpython(3\.\d+)\b")
REMOVES_ENVIRONMENT = re.compile(r"\brm\s+-\w*r\w*\s+\S")
INSTALLS_UNPINNED = re.compile(r"\bpip3?\s+install\b[^\n]*\bnautobot\b(?!\s*[=<>~!])")
INSTALL_SCRIPT = "install.sh"


def find_named_pythons(files: Iterable[Path]) -> Iterator[NamedPython]:
    """Yield the minor versions of Python that files name, outside of comments.

    Args:
        files: Unit files, and files such as ``uwsgi.ini``.
    """
    for file in files:
        text = _read_without_comments(file)
        for version in dict.fromkeys(NAMED_PYTHON.findall(text)):
            yield NamedPython(str(file), version)


def find_install_script(folders: Iterable[Path], host_python: Path) -> InstallScript | None:
    """Return the script that removes the environment and installs an unpinned Nautobot.

    Args:
        folders: Folders in which the script can be.
        host_python: The link to the host's own Python, such as ``/usr/bin/python3``.
    """
    for folder in folders:
        text = _read_without_comments(folder / INSTALL_SCRIPT)
        if REMOVES_ENVIRONMENT.search(text) and INSTALLS_UNPINNED.search(text):
            version = NAMED_PYTHON.search(host_python.resolve().name)
            return InstallScript(str(folder / INSTALL_SCRIPT), version[1] if version else "")
    return None


def _read_without_comments(file: Path) -> str:
    try:
        text = file.read_text("utf-8", errors="replace") if file.is_file() else ""
    except OSError:
        return ""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith(("#", ";")))
