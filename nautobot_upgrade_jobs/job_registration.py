"""Register the Jobs with Nautobot. The App configuration names this module.

A Git repository or JOBS_ROOT registers its own subclasses of the Jobs, in ``jobs/__init__.py`` at
the top of this project. Nautobot imports every module below JOBS_ROOT, also this module. There it
registers nothing. Otherwise each Job would appear twice.
"""

from nautobot.apps.jobs import register_jobs

from .app_settings import is_rehearsal_allowed
from .jobs.capture import CaptureSnapshot
from .jobs.compare import CompareSnapshots
from .jobs.preflight import Preflight
from .jobs.rehearse import RehearseUpgrade
from .jobs.rollback import RollbackPlanner
from .jobs.verify import VerifyMigrations

jobs = [
    Preflight,
    CaptureSnapshot,
    CompareSnapshots,
    VerifyMigrations,
    RollbackPlanner,
    *([RehearseUpgrade] if is_rehearsal_allowed() else []),
]
if "." not in __package__:
    register_jobs(*jobs)
