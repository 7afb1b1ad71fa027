"""Values of manifests: quantities, durations and variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

MIB = 1024 * 1024
MEMORY_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
DURATION_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
SKIP_INIT = "NAUTOBOT_DOCKER_SKIP_INIT"
"""The variable that makes the entry point of Nautobot's image start without ``post_upgrade``."""

HOST_VARIABLES = {"database": "NAUTOBOT_DB_HOST", "redis": "NAUTOBOT_REDIS_HOST"}
"""The variables that name the servers in the configuration that ``nautobot-server init`` makes."""


def parse_memory(value: Any) -> int | None:
    """Return MiB of a quantity such as ``512Mi``, ``1g`` or bytes. None if there is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", str(value).strip().lower())
    if not found or found[2] not in MEMORY_UNITS:
        return None
    return int(float(found[1]) * MEMORY_UNITS[found[2]] / MIB)


def parse_duration(value: Any) -> int | None:
    """Return the seconds of a duration such as ``5m30s`` or a number. None if there is none."""
    text = str(value).strip()
    if re.fullmatch(r"\d+", text):
        return int(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join("".join(part) for part in parts) != text:
        return None
    return int(sum(float(number) * DURATION_UNITS[unit] for number, unit in parts))


def skips_init(variables: Mapping[str, Any]) -> bool:
    """Return whether the entry point starts without ``post_upgrade``."""
    return str(variables.get(SKIP_INIT, "")).lower() == "true"


def read_hosts(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return the host of each server that the variables name."""
    named = {server: variables.get(name) for server, name in HOST_VARIABLES.items()}
    return {server: str(host) for server, host in named.items() if host}


def join_command(*parts: Any) -> str:
    """Return a command line of texts and lists."""
    words: list[str] = []
    for part in parts:
        words += map(str, part) if isinstance(part, (list, tuple)) else [str(part or "")]
    return " ".join(filter(None, words))


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_mappings(value: Any) -> Iterable[Mapping[str, Any]]:
    """Return the mappings of a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
