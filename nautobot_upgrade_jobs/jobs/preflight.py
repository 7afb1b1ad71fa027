"""May I upgrade?"""

from __future__ import annotations

from typing import Any

from nautobot.apps.jobs import BooleanVar, StringVar, TextVar

from ..app_settings import UsageError
from ..permissions import ACCEPT_FINDINGS, BUILD_TARGET
from ..workflows.context import RunRequest
from ..workflows.preflight import run_preflight
from .base import SOFT_TIME_LIMIT_SECONDS, TIME_LIMIT_SECONDS, UpgradeJob

name = "Upgrade"


class Preflight(UpgradeJob):
    """Judges the upgrade of this installation to another release of Nautobot."""

    target = StringVar(
        label="Target release",
        description="The version to upgrade to, such as 3.2.7. Blank: the newest known release of "
        "the installed line; newer lines are mentioned.",
        required=False,
        default="",
    )
    exclude = StringVar(
        label="Checks to leave out",
        description="Ids of checks, separated by commas, such as storage.low_space. What is left "
        "out is listed in the report, and the verdict cannot be GO.",
        required=False,
        default="",
    )
    requirements = TextVar(
        label="Requirements",
        description="What else has to be in the target's set of packages, one a line, such as "
        "nautobot-ssot==4.7.0. Blank: the newest release of each App that fits.",
        required=False,
        default="",
    )
    # Not the other way round: a box that REST does not mention is one that is not ticked.
    skip_build = BooleanVar(
        label="Do not build the target",
        description="By default the target's packages are installed into a temporary environment "
        "and started there on this database, read-only: what breaks is seen, not guessed. For "
        "superusers, and users with the permission build_target on Jobs.",
        required=False,
        default=False,
    )
    accept = TextVar(
        label="Findings to accept",
        description="One a line: finding key | reason | until (YYYY-MM-DD). The key stands in the "
        "report. An acceptance holds for this target and until its date, and is always shown.",
        required=False,
        default="",
    )

    class Meta:
        """How Nautobot shows and runs the Job."""

        name = "Preflight"
        description = (
            "May I upgrade Nautobot? Looks at this installation without changing it and says what "
            "would break, what to do first, and what was not checked."
        )
        read_only = True
        has_sensitive_variables = False
        soft_time_limit = SOFT_TIME_LIMIT_SECONDS
        time_limit = TIME_LIMIT_SECONDS
        field_order = ("target", "requirements", "skip_build", "exclude", "accept")

    def run(
        self,
        *,
        target: str = "",
        requirements: str = "",
        skip_build: bool = False,
        exclude: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        """Collect, judge and publish."""
        request = RunRequest(
            target=target or "",
            requirements=requirements or "",
            exclude=exclude or "",
            accept=accept or "",
            build=not skip_build,
            may_build=self.user_has_permission(BUILD_TARGET),
            may_accept=self.user_has_permission(ACCEPT_FINDINGS),
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
        )
        try:
            report = run_preflight(request, self.log_progress)
        except UsageError as error:
            return self.refuse(str(error))
        return self.publish(report)
