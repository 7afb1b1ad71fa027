"""The target, started read-only in its own environment."""

from __future__ import annotations

from dataclasses import dataclass

from . import NOT_COLLECTED, Customizations, Facts, FilterResults, Unavailable
from .release_notes import ReleaseNotes
from .startup import Failure


@dataclass(frozen=True)
class AppLoadFailure:
    """An App that fails to load or to migrate in the trial boot, with the failure."""

    module: str
    failure: Failure
    conclusive: bool = True
    """False if a restriction of the trial environment may be the cause, such as a refused write."""


@dataclass(frozen=True)
class Isolation:
    """What kept the code of the target from changing the live installation."""

    has_relay: bool
    """Its sessions of the database went through a relay, in transactions that cannot write."""
    hides_files: bool
    """It could write in the trial environment only, and saw no other process."""
    hides_network: bool
    """It had no network, and no socket except that of the relay."""
    is_superuser: bool = False
    """Whether its account of the database is a superuser, or has global privileges on MySQL. It can
    change the server itself, such as write its files."""
    gaps: tuple[str, ...] = ()
    """Why a part was not available."""


@dataclass(frozen=True)
class TrialBoot:
    """The target, started read-only on the live database."""

    target: str
    facts: Facts
    """Facts of the requested topics. All topics are unavailable if the target did not start."""
    app_load_failures: tuple[AppLoadFailure, ...] = ()
    """Apps that do not load, in the order of detection. Each was disabled for the next attempt."""
    absent_apps: tuple[str, ...] = ()
    """Apps of ``PLUGINS`` that are not in the package set. They were also disabled."""
    failure: Failure | None = None
    """The error of the last attempt to start, if no App causes the error."""
    is_upgrade: bool = True
    """False if the target is installed and has no pending migrations."""
    current_customizations: Customizations | Unavailable = NOT_COLLECTED
    """The same validation by the installed code, made only if the target found problems."""
    current_filter_results: FilterResults | Unavailable = NOT_COLLECTED
    """The results of the installed code before the trial."""
    recounted_filter_results: FilterResults | Unavailable = NOT_COLLECTED
    """The results of the installed code after the trial, counted only if the target's differ."""
    isolation: Isolation | None = None
    """The isolation of the last attempt. None if nothing was started."""
    config: str = ""
    """Path of the configuration that the target was started with."""
    release_notes: ReleaseNotes | Unavailable = NOT_COLLECTED
    """The release notes that the target's packages contain."""
