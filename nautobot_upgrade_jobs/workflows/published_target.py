"""Refuse a target that was never published, before an installation is examined."""

from __future__ import annotations

from ..app_settings import Configuration
from ..catalog import Catalog
from ..catalog.target_release import Target
from ..common.errors import UsageError
from ..facts import Unavailable
from ..target.deadline import Deadline
from ..target.release_existence import is_missing_on_index


def require_published_target(
    config: Configuration, target: Target, catalog: Catalog | Unavailable
) -> None:
    """Refuse a target that the index does not have, before the installation is examined.

    Raises:
        UsageError: The index has other releases of Nautobot, but not this one.
    """
    is_known = not isinstance(target.release, Unavailable)
    if is_known or not (target.chosen and config.resolve) or target.version == target.installed:
        return
    deadline = Deadline(config.resolve_timeout_seconds)
    if is_missing_on_index(target.version, deadline, config.wheel_directory):
        raise UsageError(
            f"The package index has no Nautobot {target.version}. {_describe_nearest(catalog)}"
        )


def _describe_nearest(catalog: Catalog | Unavailable) -> str:
    if isinstance(catalog, Unavailable):
        return "Give the version of a published release."
    return f"The newest known releases are {' and '.join(catalog.latest_known)}."
