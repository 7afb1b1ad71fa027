"""Files of the installation outside the database."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class Files:
    """Paths to size and digest, never to contents."""

    media: Listing | Unavailable
    jobs: Listing | Unavailable
    """Files of ``JOBS_ROOT``."""
    git: Listing | Unavailable
    """Heads of the clones in ``GIT_ROOT``."""
    deployment: Listing | Unavailable
    """``nautobot_config.py``, ``local_requirements.txt``, ``uwsgi.ini`` and service units."""
    configuration: Listing | Unavailable
    """Name assigned in ``nautobot_config.py`` to a digest of the statement."""
    distributions: Listing | Unavailable
    """Installed distribution to a digest of its ``RECORD``, which covers the files themselves."""
