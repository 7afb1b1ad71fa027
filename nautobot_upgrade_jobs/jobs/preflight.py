"""May I upgrade?"""

from __future__ import annotations

from typing import Any

from nautobot.apps.jobs import StringVar, TextVar

from ..configuration import UsageError
from ..preflight import preflight
from ..request import Request
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
        description="Ids of checks, separated by commas, such as storage.free_space. What is left "
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
        field_order = ("target", "requirements", "exclude", "accept")

    def run(
        self, *, target: str = "", requirements: str = "", exclude: str = "", accept: str = ""
    ) -> dict[str, Any]:
        """Collect, judge and publish."""
        request = Request(
            target=target or "",
            requirements=requirements or "",
            exclude=exclude or "",
            accept=accept or "",
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
        )
        try:
            report = preflight(request, self.progress)
        except UsageError as error:
            return self.refuse(str(error))
        return self.publish(report)
