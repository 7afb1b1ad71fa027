"""The effective settings, without their secrets."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Setting:
    """A setting as it may leave the process.

    ``value`` is kept for names on the list of harmless ones only. For every other name it is None
    and ``digest``, keyed with this installation's own secret, still tells whether it changed.
    """

    name: str
    type: str
    value: str | None
    digest: str
    keys: tuple[str, ...] = ()
    """Keys of a dictionary that hold something; never their values."""


@dataclass(frozen=True)
class Settings:
    """Settings given by this installation and the names of Nautobot's environment variables."""

    values: tuple[Setting, ...]
    """Settings whose value differs from Nautobot's own default or that the configuration adds."""
    environment: tuple[str, ...]
    """Names (never values) of the ``NAUTOBOT_*`` environment variables that are set."""
    constance: tuple[Setting, ...] | Unavailable
    """What is set in the web interface (Constance) and differs from the default; no values."""
    storages: tuple[str, ...]
    """Keys of ``STORAGES``; empty if the configuration does not set it."""
