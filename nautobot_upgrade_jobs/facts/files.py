"""Files that belong to the installation and lie outside of the database."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class Files:
    """Path to size and digest; contents never enter."""

    media: Listing | Unavailable
    jobs: Listing | Unavailable
    """Files of ``JOBS_ROOT``."""
    git: Listing | Unavailable
    """Heads of the clones in ``GIT_ROOT``."""
    deployment: Listing | Unavailable
    """``nautobot_config.py``, ``local_requirements.txt``, ``uwsgi.ini`` and service units."""
    configuration: Listing | Unavailable
    """Names that ``nautobot_config.py`` assigns, to the digest of the statement."""
    distributions: Listing | Unavailable
    """Installed distribution to a digest of its ``RECORD``: the very files, not the version."""
