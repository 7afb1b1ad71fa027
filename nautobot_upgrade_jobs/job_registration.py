"""Registers the Jobs with Nautobot; named by the App configuration.

Git-repository and JOBS_ROOT installs register their own subclasses (``jobs/__init__.py`` at the top
of the repository). From JOBS_ROOT Nautobot imports every module that it finds, this one too: there
it registers nothing, or each Job would appear twice.
"""

from nautobot.apps.jobs import register_jobs

from .jobs.capture import CaptureSnapshot
from .jobs.compare import CompareSnapshots
from .jobs.preflight import Preflight
from .jobs.rollback import RollbackPlanner
from .jobs.verify import VerifyMigrations

jobs = [Preflight, CaptureSnapshot, CompareSnapshots, VerifyMigrations, RollbackPlanner]
if "." not in __package__:
    register_jobs(*jobs)
