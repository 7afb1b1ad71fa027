"""The Jobs for an installation without the App: a Git repository of Jobs, or ``JOBS_ROOT``.

Nautobot lists only classes that are defined under this name, so each Job is a subclass of its own.
"""

from nautobot.apps.jobs import register_jobs

from ..nautobot_upgrade_jobs.app_settings import is_rehearsal_allowed
from ..nautobot_upgrade_jobs.jobs import capture, compare, preflight, rehearse, rollback, verify

name = "Upgrade"


class Preflight(preflight.Preflight):
    """The same Job under this repository's name."""


class CaptureSnapshot(capture.CaptureSnapshot):
    """The same Job under this repository's name."""


class CompareSnapshots(compare.CompareSnapshots):
    """The same Job under this repository's name."""


class VerifyMigrations(verify.VerifyMigrations):
    """The same Job under this repository's name."""


class RollbackPlanner(rollback.RollbackPlanner):
    """The same Job under this repository's name."""


class RehearseUpgrade(rehearse.RehearseUpgrade):
    """The same Job under this repository's name."""


register_jobs(
    Preflight,
    CaptureSnapshot,
    CompareSnapshots,
    VerifyMigrations,
    RollbackPlanner,
    *([RehearseUpgrade] if is_rehearsal_allowed() else []),
)
