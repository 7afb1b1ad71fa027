"""Extensions of Nautobot that do not load or are not registered: Jobs, panels, pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import Unavailable


@dataclass(frozen=True)
class BrokenJobFile:
    """A Job file that Nautobot cannot load."""

    path: str
    line: int
    """Zero if the error concerns the whole file."""
    error: str
    conclusive: bool = True
    """False for a database error, which newer code can cause by reading older tables."""


@dataclass(frozen=True)
class Extensions:
    """Problems of everything that Apps, Git repositories and JOBS_ROOT add."""

    broken_job_files: tuple[BrokenJobFile, ...] | Unavailable
    unregistered_jobs: tuple[str, ...] | Unavailable
    """Class paths of Jobs of core and enabled Apps that are recorded as installed but that the code
    does not register."""
    unrecorded_jobs: tuple[str, ...] | Unavailable
    """Class paths of registered Jobs without a record in the database."""
    broken_home_panels: dict[str, str] | Unavailable
    """Home-page panel to the error when it is rendered."""
    broken_menu_links: tuple[str, ...] | Unavailable = ()
    """Menu links that do not resolve."""
    orphaned_template_extensions: dict[str, str] | Unavailable = field(default_factory=dict)
    """Template extension class to its model, which does not exist."""
