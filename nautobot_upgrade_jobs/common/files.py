"""Names of the files that the upgrade plan writes and the rollback script reads.

All are in the folder in which the plan is run.
"""

from __future__ import annotations

BACKUP = "before-upgrade"
"""Stem of the database dump (its ending is the vendor), and the folder of snapshots."""
KEPT_CONFIGURATION = f"{BACKUP}.nautobot_config.py"
KEPT_REQUIREMENTS = f"{BACKUP}.requirements.txt"
KEPT_IMAGES = f"{BACKUP}.images"
MEDIA_ARCHIVE = f"{BACKUP}-media.tar.gz"
CONSTRAINTS = "constraints.txt"
ROLLBACK_REQUIREMENTS = "rollback-requirements.txt"
CURRENT_BACKUP = "before-rollback"
"""Stem of the dump of the upgraded state, taken before a rollback."""
