"""The result of an attempt to start ``nautobot-server``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Frame:
    """A stack frame of an error."""

    file: str
    line: int
    function: str
    package: str = ""
    """The top-level package of the code. Empty if unknown."""
    distribution: str = ""
    """The installed distribution with this package. Empty if unknown."""


@dataclass(frozen=True)
class Failure:
    """The error that ended the start."""

    stage: str
    """One of ``STAGES``."""
    error: str
    """Class of the exception."""
    message: str
    """The error message on one line, without secrets."""
    frames: tuple[Frame, ...]
    """The stack frames, outermost first."""
    distributions: dict[str, str] = field(default_factory=dict)
    """By package in the message: the installed distribution with this package."""
    app: str = ""
    """Module of the enabled App whose code raised the error or called what did. Empty if none."""


STAGES = {
    "import": "loading Nautobot's own code",
    "configuration": "loading nautobot_config.py and the Apps",
    "apps": "starting Django with all Apps",
    "database": "connecting to the database",
    "redis": "connecting to Redis",
    "migrations": "loading the migrations",
    "checks": "running the system checks",
}
"""The stages of a start in order, each with its description."""


@dataclass(frozen=True)
class Startup:
    """One attempt to start, in a separate process."""

    python: str
    nautobot: str
    """Installed version. Empty if Nautobot is not installed in this environment."""
    requires_python: str
    config: str
    """Path of the configuration."""
    passed: tuple[str, ...]
    """Completed stages, in order."""
    failure: Failure | None
    unmet_requirements: tuple[str, ...]
    """Requirements of Nautobot and its dependencies that the environment does not meet."""
    problems: tuple[str, ...] = ()
    """Error messages of system checks, and recorded migrations without a file."""
    unapplied: tuple[str, ...] = ()
    """Keys of unapplied migrations."""
