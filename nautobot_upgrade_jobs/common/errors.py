"""Exceptions that every layer may raise."""

from __future__ import annotations


class UsageError(ValueError):
    """A request that cannot be carried out. The message says what to change."""


class ConfigurationError(UsageError):
    """A setting of the App that cannot be used. The message names the setting."""
