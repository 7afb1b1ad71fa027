"""Fixtures of a real Nautobot."""

from tests.support.nautobot import *  # noqa: F403
