"""Files of the installation outside the database."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class Files:
    """Files by path, each with its size and digest, never with its contents."""

    media: Listing | Unavailable
    jobs: Listing | Unavailable
    """Files of ``JOBS_ROOT``."""
    git: Listing | Unavailable
    """Heads of the clones in ``GIT_ROOT``."""
    deployment: Listing | Unavailable
    """``nautobot_config.py``, ``local_requirements.txt``, ``uwsgi.ini`` and service units."""
    configuration: Listing | Unavailable
    """By assigned name: a digest of the statement in ``nautobot_config.py``."""
    distributions: Listing | Unavailable
    """By distribution: a digest of its ``RECORD``, which lists the hashes of its files."""
