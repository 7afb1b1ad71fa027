"""What happens when ``nautobot-server`` is started: how far it comes, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A place in the code that an error came through."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class Failure:
    """What ended the start."""

    stage: str
    """One of ``STAGES``."""
    error: str
    """Class of the exception."""
    message: str
    """In one line, free of secrets."""
    frames: tuple[Frame, ...]
    """The outermost first."""


STAGES = {
    "import": "loading Nautobot's own code",
    "configuration": "loading nautobot_config.py and the Apps",
    "apps": "starting Django with all Apps",
    "database": "connecting to the database",
    "redis": "connecting to Redis",
    "migrations": "comparing the migrations",
    "checks": "running the system checks",
}
"""What is tried, in this order, and what each is."""


@dataclass(frozen=True)
class Startup:
    """One try to start, in a process of its own."""

    python: str
    nautobot: str
    """Installed version; empty if there is none in this environment."""
    requires_python: str
    config: str
    """Path of the configuration."""
    passed: tuple[str, ...]
    """Stages that went well, in order."""
    failure: Failure | None
    unmet_requirements: tuple[str, ...]
    """Requirements of Nautobot and of what it requires that the environment does not meet."""
    problems: tuple[str, ...] = ()
    """Messages of system checks that are errors, and migrations that are on no disk."""
    unapplied: tuple[str, ...] = ()
    """Keys of migrations that are not applied."""
