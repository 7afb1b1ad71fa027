"""What extends Nautobot and does not load, or is not known to it: Jobs, panels, pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import Unavailable


@dataclass(frozen=True)
class BrokenJobFile:
    """A file of Jobs that Nautobot cannot load."""

    path: str
    line: int
    """Zero if the whole file is meant."""
    error: str
    conclusive: bool = True
    """False if the error is the database's: newer code that reads older tables may fail in it."""


@dataclass(frozen=True)
class Extensions:
    """Everything that Apps, Git repositories and JOBS_ROOT add."""

    broken_job_files: tuple[BrokenJobFile, ...] | Unavailable
    unregistered_jobs: tuple[str, ...] | Unavailable
    """Class paths of Jobs of core and of enabled Apps that are recorded as installed, but that
    their code does not register."""
    unrecorded_jobs: tuple[str, ...] | Unavailable
    """Class paths of registered Jobs that the database does not know."""
    broken_home_panels: dict[str, str] | Unavailable
    """Home-page panel to what goes wrong when it is shown."""
    broken_menu_links: tuple[str, ...] | Unavailable = ()
    """Addresses in the menu that do not exist."""
    orphaned_template_extensions: dict[str, str] | Unavailable = field(default_factory=dict)
    """Classes of content on the pages of objects (template extensions) to the model that they are
    for and that does not exist."""
