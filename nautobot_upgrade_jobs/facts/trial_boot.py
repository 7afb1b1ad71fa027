"""The release to come, seen from inside: built beside the installation and started there."""

from __future__ import annotations

from dataclasses import dataclass

from . import NOT_COLLECTED, Customizations, Facts, Unavailable
from .release_notes import ReleaseNotes
from .startup import Failure


@dataclass(frozen=True)
class AppLoadFailure:
    """An App with which the target does not start."""

    module: str
    failure: Failure
    conclusive: bool = True
    """False if it may be our restrictions that it fails with, an attempt to write for one."""


@dataclass(frozen=True)
class TrialBoot:
    """What the target is when it starts on the live database, which it cannot write to."""

    target: str
    facts: Facts
    """Of the topics that were asked for; of none if it did not start at all."""
    app_load_failures: tuple[AppLoadFailure, ...] = ()
    """Apps that it was started without, in the order in which they were found."""
    absent_apps: tuple[str, ...] = ()
    """Apps of ``PLUGINS`` that are not in the set; it was started without them, too."""
    failure: Failure | None = None
    """What ended the last try, if no App is to blame for it."""
    is_separate_environment: bool = True
    """False if the target is what is installed."""
    current_customizations: Customizations | Unavailable = NOT_COLLECTED
    """What the installed code says to the same, where the target has found problems."""
    config: str = ""
    """Path of the configuration that it was started with."""
    release_notes: ReleaseNotes | Unavailable = NOT_COLLECTED
    """The release notes that its packages bring along."""
