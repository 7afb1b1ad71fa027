"""The effective settings, without secrets."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Setting:
    """A setting without secrets.

    ``value`` is recorded only if settings of this name never contain a secret. ``digest`` is keyed
    with the installation's ``SECRET_KEY`` and shows whether the value changed.
    """

    name: str
    type: str
    value: str | None
    digest: str
    keys: tuple[str, ...] = ()
    """If the value is a dictionary: the keys that have a value, never the values."""


@dataclass(frozen=True)
class Settings:
    """Settings of this installation and the names of Nautobot's environment variables."""

    values: tuple[Setting, ...]
    """Settings that the configuration assigns or that differ from Nautobot's default."""
    environment: tuple[str, ...]
    """Names (never values) of the ``NAUTOBOT_*`` environment variables that are set."""
    constance: tuple[Setting, ...] | Unavailable
    """Settings of the web interface (Constance) that differ from the default, without values."""
    storages: tuple[str, ...]
    """Keys of ``STORAGES``. Empty if the configuration does not set ``STORAGES``."""
    unread_file: str = ""
    """Why the configuration file could not be read. Empty if it was. The names of settings whose
    value is the default are then unknown."""
