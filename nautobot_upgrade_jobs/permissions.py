"""What a user may do with our Jobs beyond running them."""

from __future__ import annotations

from typing import Any

from nautobot.extras.models import Job

BUILD_TARGET = "build_target"
"""To install what the package index gives, and to run it."""
ACCEPT_FINDINGS = "accept_findings"
"""To live with a finding is a decision.

Both are additional actions of object permissions on *extras | job*; this App has no model of its
own to grant them on.
"""


def has_job_permission(user: Any, action: str, **jobs: Any) -> bool:
    """Tell whether a user may do something with a Job, as constraints have it.

    Args:
        user: Who asks.
        action: ``BUILD_TARGET`` or ``ACCEPT_FINDINGS``.
        jobs: Which Jobs are meant, as a filter of their records; with one of them is enough.
    """
    return bool(Job.objects.restrict(user, action).filter(**jobs).exists())
