"""The effective settings, without their secrets."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Setting:
    """A setting without its secrets.

    ``value`` is kept only for names that are known not to be secret, and is None for all others.
    ``digest`` is keyed with this installation's own secret and shows whether the value changed.
    """

    name: str
    type: str
    value: str | None
    digest: str
    keys: tuple[str, ...] = ()
    """Keys of a dictionary with a value; never the values."""


@dataclass(frozen=True)
class Settings:
    """Settings of this installation and the names of Nautobot's environment variables."""

    values: tuple[Setting, ...]
    """Settings that differ from Nautobot's default or that the configuration adds."""
    environment: tuple[str, ...]
    """Names (never values) of the ``NAUTOBOT_*`` environment variables that are set."""
    constance: tuple[Setting, ...] | Unavailable
    """Settings of the web interface (Constance) that differ from the default, without values."""
    storages: tuple[str, ...]
    """Keys of ``STORAGES``; empty if the configuration does not set it."""
