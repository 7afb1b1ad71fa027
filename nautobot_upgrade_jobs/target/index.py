"""Where this installation gets its packages: what pip is told, in the words of uv.

uv reads its own configuration itself; pip's it ignores, and most installations have only that.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SECTIONS = ("global", "install")
KEPT = re.compile(
    r"(UV|SSL|XDG)_\w+|(HTTPS?|ALL|NO)_PROXY|PATH|HOME|USER|LANG|LC_\w+|TMPDIR|NETRC", re.IGNORECASE
)
"""Variables that the resolver sees; the secrets of Nautobot are none of them."""
WORDS = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "client-cert": ("SSL_CLIENT_CERT", " "),
    "proxy": ("ALL_PROXY", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}
"""An option of pip to the variable of uv that means it, and what stands between several values."""


def environment(wheel_directory: str = "") -> dict[str, str]:
    """Return the environment in which uv asks the index that this installation uses.

    Args:
        wheel_directory: Take everything from this folder and nothing from the network.
    """
    found = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    found |= {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}
    if wheel_directory:
        return found | {"UV_NO_INDEX": "1", "UV_FIND_LINKS": wheel_directory, "UV_OFFLINE": "1"}
    for name, value in in_words_of_uv(pip_options(os.environ)).items():
        found.setdefault(name, value)
    return found


def in_words_of_uv(options: Mapping[str, str]) -> dict[str, str]:
    """Return pip's options as the variables of uv."""
    found = {}
    for option, (name, separator) in WORDS.items():
        if value := options.get(option, "").strip():
            found[name] = separator.join(value.split())
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does: the newest of all indexes
    return found


def pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what pip is told here: by files, then by variables, the later one counts.

    Args:
        environ: The environment.

    Source: https://pip.pypa.io/en/stable/topics/configuration/
    """
    found: dict[str, str] = {}
    for path in _files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself refuses to run with it, and says so
        for section in SECTIONS:
            if parser.has_section(section):
                found |= dict(parser.items(section))
    prefix = "PIP_"
    return found | {
        name[len(prefix) :].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith(prefix)
    }


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that pip reads, the least important first."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    home = Path(environ.get("HOME", "/nonexistent"))
    if not (named and Path(named).is_file()):
        yield home / ".pip" / "pip.conf"
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if named:
        yield Path(named)
