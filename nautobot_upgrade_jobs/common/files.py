"""Names of the files that the upgrade plan writes and the rollback script reads.

All files are in the folder in which the operator runs the plan.
"""

from __future__ import annotations

BACKUP = "before-upgrade"
"""Name of the database dump without its suffix (the vendor), and of the snapshots' folder."""
KEPT_CONFIGURATION = f"{BACKUP}.nautobot_config.py"
KEPT_REQUIREMENTS = f"{BACKUP}.requirements.txt"
KEPT_IMAGES = f"{BACKUP}.images"
KEPT_REPLICAS = f"{BACKUP}.replicas"
KEPT_VALUES = f"{BACKUP}.values.yaml"
MEDIA_ARCHIVE = f"{BACKUP}-media.tar.gz"
CONSTRAINTS = "constraints.txt"
ROLLBACK_REQUIREMENTS = "rollback-requirements.txt"
UNHASHED_ROLLBACK_REQUIREMENTS = "rollback-requirements-without-hashes.txt"
"""pip verifies no hash if one requirement of a file has none, so these have a file of their own."""
CURRENT_BACKUP = "before-rollback"
"""Name, without its suffix, of the dump that is taken before a rollback."""
