"""Exceptions that every layer may raise."""

from __future__ import annotations


class UsageError(ValueError):
    """A request that cannot be carried out; the message says what to change."""


class ConfigurationError(UsageError):
    """A setting of the App that cannot be used; the message names the setting."""
