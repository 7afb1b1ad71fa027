"""What an operator asks Preflight or Verify Migrations for, and what it means here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version as installed_version

from .catalog import Catalog, CatalogError, CatalogUnavailable, load
from .catalog.target import Target, TargetError, choose_target
from .checks import acceptance
from .checks.acceptance import AcceptanceError
from .checks.findings import Acceptance
from .checks.registry import Check
from .checks.runner import UnknownCheckError, require_known
from .configuration import Configuration, ConfigurationError, UsageError, configuration
from .facts import Unavailable


@dataclass(frozen=True)
class Request:
    """What the operator asked for, as it came from a form, REST or the command line."""

    target: str = ""
    exclude: str = ""
    """Ids of checks to leave out, separated by commas or white space."""
    accept: str = ""
    """Acceptances, one a line: ``key | reason | until``."""
    user: str = ""
    own_job_result: str = ""


@dataclass(frozen=True)
class Understood:
    """What a request means on this installation."""

    config: Configuration
    catalog: Catalog | Unavailable
    target: Target
    exclude: frozenset[str]
    acceptances: tuple[Acceptance, ...]


def understand(request: Request, checks: Iterable[Check]) -> Understood:
    """Turn a request into what it means, before anything is touched.

    Raises:
        UsageError: The request or the App's settings make no sense.
    """
    try:
        config = configuration()
        catalog = _catalog()
        target = choose_target(catalog, installed_version("nautobot"), request.target)
        exclude = frozenset(filter(None, re.split(r"[\s,]+", request.exclude)))
        require_known(exclude, checks)
        acceptances = (
            *acceptance.from_settings(config.acceptances),
            *acceptance.from_lines(request.accept, who=request.user, target=target.version),
        )
    except (ConfigurationError, TargetError, UnknownCheckError, AcceptanceError) as error:
        raise UsageError(str(error)) from None
    return Understood(config, catalog, target, exclude, acceptances)


def _catalog() -> Catalog | Unavailable:
    try:
        return load()
    except (CatalogUnavailable, CatalogError) as error:
        return Unavailable(str(error))
