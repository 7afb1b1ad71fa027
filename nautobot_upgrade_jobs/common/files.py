"""Names of files: of a run, and of those that the upgrade plan writes and the rollback reads.

The files of a plan are in the folder in which the operator runs it.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

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


def list_newest(folder: Path, kind: str, extension: str) -> list[Path]:
    """Return the files of one kind in a folder, the newest first.

    Args:
        folder: The folder.
        kind: How `build_file_stem` begins their names.
        extension: Their extension, such as ``.json``.
    """
    pattern = re.compile(rf"{kind}-.*-(\d{{8}}T\d{{6}}Z){re.escape(extension)}")
    # Names of the same installation differ in the time only.
    found = ((pattern.fullmatch(path.name), path) for path in folder.iterdir() if path.is_file())
    dated = [(match[1], path) for match, path in found if match]
    return [path for _, path in sorted(dated, key=lambda each: each[0], reverse=True)]


def build_file_stem(kind: str, instance: str, created: datetime) -> str:
    """Return the name of a run's files without extension. It is valid on every file system."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", instance).strip("-.") or "nautobot"
    return f"{kind}-{safe[:60]}-{created:%Y%m%dT%H%M%SZ}"
