"""The Job Verify Migrations."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any

from nautobot.apps.jobs import FileVar
from nautobot.extras.models import JobResult

from ..checks.expectation_parser import KINDS
from ..common.errors import UsageError
from ..permissions import ACCEPT_FINDINGS
from ..workflows.context import RunRequest
from ..workflows.verify import verify_migrations
from .base import JobDefaults, build_accept_field, build_exclude_field
from .earlier_runs import find_prediction
from .form_fields import LinesVar
from .snapshot_fields import SnapshotReader, SnapshotVar

if TYPE_CHECKING:
    from django.core.files import File

name = "Upgrade"


class VerifyMigrations(SnapshotReader):
    """Check that the upgrade to the installed release is complete and sound."""

    before = SnapshotVar(
        label="Before the upgrade: Job result",
        description=(
            "A run of Capture Snapshot or Compare Snapshots. The report then also says whether "
            "anything was lost. Leave this and the file blank to compare nothing."
        ),
    )
    before_file = FileVar(
        label="Before the upgrade: file",
        description="A downloaded snapshot, such as snapshot-….json.gz, instead of a Job result.",
        required=False,
    )
    expectations = LinesVar(
        label="Post-upgrade assertions",
        description="What must exist after the upgrade, one per line. Leave blank to check no "
        f"expectations. Examples: {'; '.join(KINDS.values())}.",
        required=False,
        default="",
    )
    exclude = build_exclude_field("post_upgrade.outdated_static_files")
    accept = build_accept_field()

    class Meta(JobDefaults):
        """Name, description and field order in Nautobot."""

        name = "Verify Migrations"
        description = (
            "Did the upgrade really finish, and does the database match the code? Checks "
            "migrations, schema, services, Jobs and pages without changing anything, and reports "
            "what is left to do."
        )
        field_order = ("before", "before_file", "expectations", "exclude", "accept")

    def run(
        self,
        *,
        before: JobResult | None = None,
        before_file: File[bytes] | None = None,
        expectations: str = "",
        exclude: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        """Run the checks after an upgrade and publish the report."""
        request = RunRequest(
            exclude=exclude or "",
            accept=accept or "",
            may_accept=self.user_has_permission(ACCEPT_FINDINGS),
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
            predicted=find_prediction(self, installed_version("nautobot")),
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
