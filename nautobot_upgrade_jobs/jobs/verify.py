"""Did the upgrade really finish?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautobot.apps.jobs import FileVar, StringVar, TextVar
from nautobot.extras.models import JobResult

from ..app_settings import UsageError
from ..checks.expectation_parser import KINDS
from ..permissions import ACCEPT_FINDINGS
from ..workflows.context import RunRequest
from ..workflows.verify import verify_migrations
from .base import SOFT_TIME_LIMIT_SECONDS, TIME_LIMIT_SECONDS
from .snapshot_fields import SnapshotReader, SnapshotVar

if TYPE_CHECKING:
    from django.core.files import File

name = "Upgrade"


class VerifyMigrations(SnapshotReader):
    """Judges whether the upgrade to the installed release is finished and sound."""

    before = SnapshotVar(
        label="Before the upgrade: the result of a run",
        description=(
            "A run of Capture Snapshot or Compare Snapshots. With it the report also says "
            "whether anything was lost. Blank, and no file below: nothing is compared."
        ),
    )
    before_file = FileVar(
        label="Before the upgrade: or a file",
        description="A snapshot-….json.gz, kept since then.",
        required=False,
    )
    expectations = TextVar(
        label="What is to be there",
        description=f"One a line, such as: {'; '.join(KINDS.values())}.",
        required=False,
        default="",
    )
    exclude = StringVar(
        label="Checks to leave out",
        description=(
            "Ids of checks, separated by commas, such as post_upgrade.outdated_static_files. What"
            " is left out is listed in the report, and the verdict cannot be GO."
        ),
        required=False,
        default="",
    )
    accept = TextVar(
        label="Findings to accept",
        description=(
            "One a line: finding key | reason | until (YYYY-MM-DD). The key stands in the "
            "report. An acceptance holds for this release and until its date, and is always shown."
        ),
        required=False,
        default="",
    )

    class Meta:
        """How Nautobot shows and runs the Job."""

        name = "Verify Migrations"
        description = (
            "Did the upgrade really finish, and is the database what the code believes? Looks at "
            "migrations, schema, services, Jobs and pages without changing anything, and says what "
            "is left to do."
        )
        read_only = True
        has_sensitive_variables = False
        soft_time_limit = SOFT_TIME_LIMIT_SECONDS
        time_limit = TIME_LIMIT_SECONDS
        field_order = ("before", "before_file", "expectations", "exclude", "accept")

    def run(
        self,
        *,
        before: JobResult | None = None,
        before_file: File | None = None,
        expectations: str = "",
        exclude: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        """Collect, judge and publish."""
        request = RunRequest(
            exclude=exclude or "",
            accept=accept or "",
            may_accept=self.user_has_permission(ACCEPT_FINDINGS),
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
        )
        try:
            report = verify_migrations(
                request,
                self.log_progress,
                expectations=expectations or "",
                before=self.load_snapshot("before", before, before_file),
            )
        except UsageError as error:
            return self.refuse(str(error))
        return self.publish(report)
