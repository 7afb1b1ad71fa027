"""Build ``uv.toml`` with known metadata and cache lifetimes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from ..facts.packages import Package
from .index_config import NO_INDEX
from .requirement_lines import parse_python_specifier, parse_requirement
from .uv import Uv

UV_TOML = "uv.toml"


def uv_configuration(installed: Iterable[Package], assumed: Collection[str], index: str) -> str:
    """Return the text of ``uv.toml``.

    Args:
        installed: Distributions whose metadata need not be fetched or built.
        assumed: Distributions whose requirements are unknown. They are treated as if they had none.
        index: The result of ``index_cache_configuration``.
    """
    unknown = (f"  {{ name = {json.dumps(name)} }}," for name in sorted(assumed))
    metadata = ("dependency-metadata = [", *map(_format_metadata, installed), *unknown, "]")
    return "\n".join((*metadata, index))


def index_cache_configuration(uv: Uv) -> str:
    """Return a configuration of uv's cache for the default index. Published files never change.

    If a proxy disables caching, uv fetches each file at every step, and a resolution takes minutes.
    The result is empty if the administrator has configured an index.

    Raises:
        ResolverFailed: uv does not run.
    """
    if {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(uv.environment) or NO_INDEX in uv.options:
        return ""
    words = uv.compile([], "--emit-index-url").text.split()
    url = words[1] if words[:1] == ["--index-url"] else ""
    if not url or "@" in url:
        return ""
    return (
        f'[[index]]\nname = "default-index"\nurl = {json.dumps(url)}\ndefault = true\n'
        'cache-control = { api = "max-age=600", files = "max-age=31536000, immutable" }\n'
    )


def _format_metadata(package: Package) -> str:
    """Return the metadata of a distribution as an entry of ``uv.toml``."""
    fields = {
        "name": package.name,
        "version": package.version,
        # One invalid line makes uv reject the whole file.
        "requires-dist": [
            str(line) for text in package.requires if (line := parse_requirement(text))
        ],
        "requires-python": parse_python_specifier(package.requires_python),
    }
    text = ", ".join(f"{key} = {json.dumps(value)}" for key, value in fields.items() if value)
    return f"  {{ {text} }},"
