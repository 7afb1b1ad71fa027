"""The Job Preflight."""

from __future__ import annotations

from typing import Any

from nautobot.apps.jobs import BooleanVar

from ..common.errors import UsageError
from ..permissions import ACCEPT_FINDINGS, BUILD_TARGET
from ..workflows.backup_argument import backup_of_form
from ..workflows.context import RunRequest
from ..workflows.preflight import run_preflight
from .base import (
    JobDefaults,
    UpgradeJob,
    build_accept_field,
    build_backup_field,
    build_exclude_field,
    build_only_field,
)
from .earlier_runs import find_rehearsals
from .form_fields import LinesVar, TargetVar

name = "Upgrade"


class Preflight(UpgradeJob):
    """Check whether this installation can be upgraded to another release of Nautobot."""

    target = TargetVar(
        label="Target release",
        description="The version to upgrade to, such as 3.2.7, or a line, such as 3.2. The "
        "recommended release is filled in. Leave blank to use the newest known release of the "
        "installed line.",
    )
    exclude = build_exclude_field("storage.low_space")
    only = build_only_field("storage.low_space")
    requirements = LinesVar(
        label="Requirements",
        description="Additional package requirements, one per line, such as nautobot-ssot==4.7.0. "
        "Leave blank to use the newest compatible release of each App.",
        required=False,
        default="",
    )
    # The field is negated, because a checkbox that a REST request omits counts as unticked.
    skip_build = BooleanVar(
        label="Skip test installation",
        description="Leave unticked to install the target's packages into a temporary environment "
        "and start them there on this database, read-only. Only superusers and users with the "
        "build_target permission on Jobs may do this.",
        required=False,
        default=False,
    )
    backup = build_backup_field("A recent backup")
    accept = build_accept_field()

    class Meta(JobDefaults):
        """Name, description and field order in Nautobot."""

        name = "Preflight"
        description = (
            "May I upgrade Nautobot? Checks this installation without changing it and reports what "
            "would break, what to do first, and what was not checked."
        )
        field_order = (
            "target",
            "requirements",
            "skip_build",
            "backup",
            "exclude",
            "only",
            "accept",
        )

    def run(  # noqa: PLR0913 - one for each field of the form
        self,
        *,
        target: str = "",
        requirements: str = "",
        skip_build: bool = False,
        backup: str = "",
        exclude: str = "",
        only: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        """Run Preflight and publish the report."""
        request = RunRequest(
            target=target or "",
            requirements=requirements or "",
            exclude=exclude or "",
            only=only or "",
            accept=accept or "",
            backup=backup_of_form(backup or ""),
            build=not skip_build,
            is_form=True,
            may_build=self.user_has_permission(BUILD_TARGET),
            may_accept=self.user_has_permission(ACCEPT_FINDINGS),
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
            rehearsals=tuple(find_rehearsals(self)),
        )
        try:
            report = run_preflight(request, self.log_progress)
        except UsageError as error:
            return self.refuse(str(error))
        return self.publish(report)
