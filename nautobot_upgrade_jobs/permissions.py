"""Permissions on the Jobs of this App, in addition to the permission to run a Job."""

from __future__ import annotations

from typing import Any

from nautobot.extras.models import Job

BUILD_TARGET = "build_target"
"""Install and run packages from the index."""
ACCEPT_FINDINGS = "accept_findings"
"""Accept findings."""
REHEARSE = "rehearse"
"""Copy all data to a folder of the worker's host, and upgrade the copy.

These permissions are additional actions of object permissions on *extras | job*, because this
App has no model.
"""


def has_job_permission(user: Any, action: str, **jobs: Any) -> bool:
    """Return whether a user has a permission on a Job, within the permission's constraints.

    Args:
        user: The user.
        action: ``BUILD_TARGET``, ``ACCEPT_FINDINGS`` or ``REHEARSE``.
        jobs: A filter of Job records. A permission on one of these Jobs is enough.
    """
    return bool(Job.objects.restrict(user, action).filter(**jobs).exists())
