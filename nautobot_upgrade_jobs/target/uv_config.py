"""What uv is told in its own file: metadata that is known, and how long files are fresh."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from ..facts.packages import Package
from .index_config import NO_INDEX
from .requirement_lines import parse_python_specifier, parse_requirement
from .uv import Uv

UV_TOML = "uv.toml"


def uv_configuration(installed: Iterable[Package], assumed: Collection[str], index: str) -> str:
    """Return the text of the file.

    Args:
        installed: Distributions whose metadata need not be fetched, or built from source.
        assumed: Names that are taken to ask for nothing, since nobody can know.
        index: What ``index_cache_configuration`` returned.
    """
    unknown = (f"  {{ name = {json.dumps(name)} }}," for name in sorted(assumed))
    metadata = ("dependency-metadata = [", *map(_format_metadata, installed), *unknown, "]")
    return "\n".join((*metadata, index))


def index_cache_configuration(uv: Uv) -> str:
    """Return configuration that spares asking again for files that never change.

    A published file is what it is; where a proxy says otherwise, each is asked for at every step,
    and a resolution takes minutes. Not for an index that somebody has configured.

    Raises:
        ResolverFailed: uv does not run.
    """
    if {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(uv.environment) or NO_INDEX in uv.options:
        return ""
    stated = uv.compile([], "--emit-index-url").text.split()
    url = stated[1] if stated[:1] == ["--index-url"] else ""
    if not url or "@" in url:
        return ""
    return (
        f'[[index]]\nname = "default-index"\nurl = {json.dumps(url)}\ndefault = true\n'
        'cache-control = { api = "max-age=600", files = "max-age=31536000, immutable" }\n'
    )


def _format_metadata(package: Package) -> str:
    """Return the metadata of a distribution as uv's configuration has it."""
    fields = {
        "name": package.name,
        "version": package.version,
        # One line that uv cannot read, and it reads nothing of the file.
        "requires-dist": [
            str(line) for text in package.requires if (line := parse_requirement(text))
        ],
        "requires-python": parse_python_specifier(package.requires_python),
    }
    text = ", ".join(f"{key} = {json.dumps(value)}" for key, value in fields.items() if value)
    return f"  {{ {text} }},"
