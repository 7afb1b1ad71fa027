"""Extensions of Nautobot that do not load or are not registered: Jobs, panels, pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import Unavailable


@dataclass(frozen=True)
class BrokenJobFile:
    """A Job file that Nautobot cannot load."""

    path: str
    line: int
    """Line of the error. Zero if the error concerns the whole file."""
    error: str
    conclusive: bool = True
    """False for a database error. Newer code can cause such an error by reading older tables."""


@dataclass(frozen=True)
class Extensions:
    """Problems of the Jobs, panels and pages that Apps, Git repositories and JOBS_ROOT add."""

    broken_job_files: tuple[BrokenJobFile, ...] | Unavailable
    unregistered_jobs: tuple[str, ...] | Unavailable
    """Class paths of Jobs of Nautobot and enabled Apps that the database records as installed but
    the code does not register."""
    unrecorded_jobs: tuple[str, ...] | Unavailable
    """Class paths of registered Jobs without a record in the database."""
    broken_home_panels: dict[str, str] | Unavailable
    """By home-page panel: the error when the panel is rendered."""
    broken_menu_links: tuple[str, ...] | Unavailable = ()
    """Menu links that do not resolve."""
    orphaned_template_extensions: dict[str, str] | Unavailable = field(default_factory=dict)
    """By class of the template extension: its model, which does not exist."""
    uncloned_repositories: tuple[str, ...] | Unavailable = ()
    """Git repositories that provide Jobs and have no clone on this host."""
