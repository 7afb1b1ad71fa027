"""Connect to the message broker as Nautobot does, with short timeouts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BROKER_TIMEOUTS = {"socket_timeout": 3, "socket_connect_timeout": 3, "max_retries": 0}
"""Timeouts in seconds, so that an unresponsive broker does not delay the run."""


@contextmanager
def broker_connection() -> Iterator[Any]:
    """Open a connection with Celery's settings: TLS, Sentinel and brokers other than Redis."""
    from nautobot.core.celery import app

    with app.connection_for_read() as broker:
        broker.transport_options = {**(broker.transport_options or {}), **BROKER_TIMEOUTS}
        yield broker
