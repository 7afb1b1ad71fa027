"""The request of an operator, and its validation for this installation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from ..app_settings import Configuration, read_catalog_file, read_configuration
from ..catalog import (
    Catalog,
    CatalogError,
    CatalogUnavailable,
    load_catalog,
    use_catalog_archive,
)
from ..catalog.target_release import Target, TargetError, choose_target
from ..checks import acceptance
from ..checks.acceptance import AcceptanceError
from ..checks.findings import Acceptance
from ..checks.registry import Check
from ..checks.runner import UnknownCheckError, require_known_checks
from ..checks.site_modules import load_site_modules
from ..common.errors import ConfigurationError, UsageError
from ..common.urls import shorten_urls
from ..facts import Unavailable
from ..facts.prediction import Prediction
from ..facts.rehearsal import RehearsalRecord


@dataclass(frozen=True)
class BackupArgument:
    """A backup: a dump, files that describe a backup, or a statement ``who | when | id``."""

    names: tuple[str, ...] = ()
    is_form: bool = False
    """Whether the names come from a form, which reaches only the folder of backups."""


NO_BACKUP_GIVEN = BackupArgument()


@dataclass(frozen=True)
class RunRequest:
    """A request from a form, from REST or from the command line."""

    target: str = ""
    exclude: str = ""
    """Ids of checks to leave out, separated by commas or white space."""
    only: str = ""
    """Ids of the only checks to run, in the same form. Blank for all checks."""
    accept: str = ""
    """Acceptances, one per line: ``key | reason | until``."""
    requirements: str = ""
    """Additional requirements for the target's package set, one per line."""
    build: bool = True
    """Whether to build and start the target."""
    may_build: bool = True
    """Whether this user may build the target, which installs and runs code from the index."""
    is_form: bool = False
    """Whether the request comes from a form or from REST. A link can fill in a form."""
    may_accept: bool = True
    """Whether this user may accept findings."""
    user: str = ""
    own_job_result: str = ""
    wheel_directory: str = ""
    """Folder of wheels to install from, for a run from outside. Inside, it is a setting."""
    manifests: str = ""
    """Folder of rendered manifests. Empty if the operator named none."""
    backup: BackupArgument = NO_BACKUP_GIVEN
    """The backup that Preflight verifies."""
    rehearsals: tuple[RehearsalRecord, ...] = ()
    """Earlier rehearsals, of any target."""
    predicted: Prediction | None = None
    """What Preflight has predicted of the upgrade that Verify Migrations verifies."""
    wait_seconds: int = 0
    """Longest time to wait for workers that are starting."""


@dataclass(frozen=True)
class RunContext:
    """A validated request, with the settings and the catalog of this installation."""

    request: RunRequest
    config: Configuration
    catalog: Catalog | Unavailable
    target: Target
    exclude: frozenset[str]
    acceptances: tuple[Acceptance, ...]
    requirements: tuple[str, ...]
    only: frozenset[str] = frozenset()
    """Ids of the only checks to run. Empty for all checks."""

    def select(self, checks: Iterable[Check]) -> tuple[Check, ...]:
        """Return the checks to which the request limits the run."""
        return tuple(check for check in checks if not self.only or check.id in self.only)


def resolve_request(request: RunRequest, checks: Iterable[Check]) -> RunContext:
    """Validate a request before anything is collected.

    Raises:
        UsageError: The request or the App's settings are invalid.
    """
    if request.accept.strip() and not request.may_accept:
        raise UsageError(
            "Accepting findings requires the permission accept_findings on Jobs. Leave the field "
            "blank, or have the findings accepted in the settings."
        )
    if request.manifests and not Path(request.manifests).is_dir():
        raise UsageError(f"--manifests: {request.manifests} is not a folder.")
    try:
        config = read_configuration()
        catalog = read_catalog()
        target = choose_target(catalog, installed_version("nautobot"), request.target)
        exclude, only = parse_ids(request.exclude), parse_ids(request.only)
        require_known_checks(exclude | only, checks)
        acceptances = (
            *acceptance.parse_acceptances(config.acceptances),
            *acceptance.parse_acceptance_lines(
                request.accept, who=request.user, target=target.version
            ),
        )
    except (ConfigurationError, TargetError, UnknownCheckError, AcceptanceError) as error:
        raise UsageError(str(error)) from None
    requirements = tuple(parse_requirements(request.requirements))
    return RunContext(request, config, catalog, target, exclude, acceptances, requirements, only)


def parse_check_options(
    request: RunRequest, checks: Iterable[Check], target: str
) -> tuple[frozenset[str], tuple[Acceptance, ...]]:
    """Return the checks to exclude and the acceptances of a request, without those of the settings.

    Args:
        request: The request.
        checks: The checks that can be excluded.
        target: The release that the acceptances are for.

    Raises:
        UsageError: A check is unknown, or an acceptance is invalid.
    """
    exclude = parse_ids(request.exclude)
    try:
        require_known_checks(exclude, checks)
        lines = acceptance.parse_acceptance_lines(request.accept, who=request.user, target=target)
        return exclude, tuple(lines)
    except (UnknownCheckError, AcceptanceError) as error:
        raise UsageError(str(error)) from None


def parse_ids(text: str) -> frozenset[str]:
    """Return the ids of checks in a text. They are separated by commas or white space."""
    return frozenset(filter(None, re.split(r"[\s,]+", text)))


def parse_requirements(text: str) -> Iterator[str]:
    """Yield requirements by name. A URL is refused, because pip would run code from the URL.

    Raises:
        UsageError: A line is not a requirement by name.
    """
    for number, line in enumerate(text.splitlines(), 1):
        try:
            stated = Requirement(line) if line.strip() else None
        except InvalidRequirement:
            raise UsageError(
                f"Requirements line {number}: {shorten_urls(line)!r} is not a requirement"
                " such as nautobot-ssot==4.7.0."
            ) from None
        if stated and stated.url:
            raise UsageError(f"Requirements line {number}: give {stated.name} by name and version.")
        if stated:
            yield str(stated)


def require_catalog() -> Catalog:
    """Return the catalog, with the rows of other packages.

    Raises:
        UsageError: It cannot be read.
    """
    catalog = read_catalog()
    if isinstance(catalog, Unavailable):
        raise UsageError(f"the catalog is not available: {catalog.reason}")
    return catalog


def read_catalog() -> Catalog | Unavailable:
    """Return the catalog, with the rows of other packages, or why it cannot be read."""
    use_catalog_archive(read_catalog_file())
    try:
        load_site_modules()
        return load_catalog()
    except (CatalogUnavailable, CatalogError) as error:
        return Unavailable(str(error))
