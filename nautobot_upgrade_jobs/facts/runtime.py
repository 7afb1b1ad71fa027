"""The process that runs Nautobot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Runtime:
    """Interpreter, operating system and environment of this Nautobot."""

    nautobot: str
    """Version of the installed Nautobot distribution."""
    python: str
    """Version of the running interpreter, such as ``3.11.7``."""
    operating_system: str
    """Name and release, such as ``Debian GNU/Linux 12 (bookworm)``."""
    prefix: str
    """The environment's folder (``sys.prefix``)."""
    today: str = ""
    """Date of the host, such as ``2026-11-27``. Empty if unknown."""
    cores: int = 0
    """Number of processors that this process may use; 0 if unknown."""
    config_file: str = ""
    """Path of the configuration. Empty if it is ``$NAUTOBOT_ROOT/nautobot_config.py``."""
    load: float = 0.0
    """Average load of the host during the last minute."""
