"""What the web processes answer at the configured address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Web:
    """The answers of the web processes. Without an address, nothing was asked."""

    url: str = ""
    """The address. Empty if the setting ``deployment`` names none."""
    releases: tuple[str, ...] = ()
    """The releases that the login page stated, each once. Several processes can answer."""
    failures: tuple[str, ...] = ()
    """Requests of the login page that failed, each with its reason."""
    health_failure: str = ""
    """Why the health check failed. Empty if it succeeded."""
    missing_static_files: tuple[str, ...] = ()
    """Static files of the login page that are not served, each with the answer."""
