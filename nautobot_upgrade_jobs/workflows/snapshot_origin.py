"""Recognize a snapshot of another installation."""

from __future__ import annotations

from django.db import connection

from ..collect.support.explicit_settings import explicit_value
from ..collect.support.redaction import digest
from ..common.errors import UsageError
from ..facts import Unavailable
from .rollback_target import SnapshotArgument


def require_same_installation(given: SnapshotArgument) -> None:
    """Refuse the snapshot of another installation with the same name.

    Installations have the name of their host if no other is configured. The digest of a setting is
    computed with ``SECRET_KEY``, so the digest of this setting differs between installations.

    Args:
        given: The snapshot, if there is one, and the name by which the operator confirms it.

    Raises:
        UsageError: The snapshot is of another installation.
    """
    snapshot = given.snapshot
    if snapshot is None:
        return
    server, settings = snapshot.facts.database, snapshot.facts.settings
    if not isinstance(server, Unavailable) and server.vendor != connection.vendor:
        raise UsageError(
            f"The snapshot is of a database on {server.vendor}. This one is on {connection.vendor}."
        )
    values = () if isinstance(settings, Unavailable) else settings.values
    recorded = next((one.digest for one in values if one.name == "SECRET_KEY"), "")
    if recorded and recorded != digest(explicit_value("SECRET_KEY")) and not given.instance:
        raise UsageError(
            "The snapshot was captured with another SECRET_KEY, so it may be of another "
            f"installation. If the SECRET_KEY of this one was changed, also give the name "
            f"{snapshot.instance!r} of the instance."
        )
