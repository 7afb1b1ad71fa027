"""The Job Rehearse Upgrade."""

from __future__ import annotations

import time
from typing import Any

from nautobot.apps.jobs import BooleanVar, StringVar

from ..app_settings import read_configuration
from ..cli.rehearsal_options import DURATION_HELP, parse_duration
from ..common.errors import ConfigurationError, UsageError
from ..permissions import ACCEPT_FINDINGS, BUILD_TARGET, REHEARSE
from ..workflows.backup_argument import find_backup
from ..workflows.context import RunRequest
from ..workflows.rehearsal_request import RehearsalRequest
from ..workflows.rehearse_installed import rehearse_installed
from .base import JobDefaults, UpgradeJob, build_accept_field, build_exclude_field
from .form_fields import LinesVar, TargetVar

name = "Upgrade"
SOFT_TIME_LIMIT_SECONDS = 14_400
TIME_LIMIT_SECONDS = 15_000
REPORT_SECONDS = 300
"""The rehearsal ends so long before the soft time limit, to publish what it has reached."""
PROGRESS_SECONDS = 15
"""The log gets at most one line about the same stage in this time."""


class RehearseUpgrade(UpgradeJob):
    """Upgrade a copy of the data, verify it, and roll it back."""

    target = TargetVar(
        label="Target release",
        description="The version to upgrade to, such as 3.2.7, or a line, such as 3.2. Leave blank "
        "to use the newest known release of the installed line.",
    )
    requirements = LinesVar(
        label="Requirements",
        description="Additional package requirements, one per line, such as nautobot-ssot==4.7.0.",
        required=False,
        default="",
    )
    backup = StringVar(
        label="Backup",
        description="Restore this backup as the copy, which proves it: an archive of pg_dump or a "
        "dump of mysqldump. It is in the folder that the setting backup_directory names on the "
        "host of the worker. For the newest file, write a pattern, such as nautobot-*.dump. Leave "
        "blank to copy the live data.",
        required=False,
        default="",
    )
    window = StringVar(
        label="Maintenance window",
        description=f"The length of the maintenance window, {DURATION_HELP}. The report says "
        "whether the upgrade is shorter. Leave blank to compare with none.",
        required=False,
        default="",
    )
    skip_rollback = BooleanVar(
        label="Skip the rollback",
        description="Leave unticked to reverse the migrations and to restore a backup on the copy "
        "as well.",
        required=False,
        default=False,
    )
    exclude = build_exclude_field("rehearsal.messages")
    accept = build_accept_field()

    class Meta(JobDefaults):
        """Name, description and field order in Nautobot."""

        name = "Rehearse Upgrade"
        description = (
            "Does the upgrade work on our data? Copies the database to a server of its own, "
            "upgrades the copy, verifies it and rolls it back. The live database is only read."
        )
        soft_time_limit = SOFT_TIME_LIMIT_SECONDS
        time_limit = TIME_LIMIT_SECONDS
        field_order = (
            "target",
            "requirements",
            "backup",
            "window",
            "skip_rollback",
            "exclude",
            "accept",
        )

    def run(  # noqa: PLR0913 - one for each field of the form
        self,
        *,
        target: str = "",
        requirements: str = "",
        backup: str = "",
        window: str = "",
        skip_rollback: bool = False,
        exclude: str = "",
        accept: str = "",
    ) -> dict[str, Any]:
        """Rehearse the upgrade and publish the report."""
        run = RunRequest(
            target=target or "",
            requirements=requirements or "",
            exclude=exclude or "",
            accept=accept or "",
            is_form=True,
            user=str(self.user or ""),
            own_job_result=str(self.job_result.pk),
        )
        try:
            self._require_permissions(has_acceptances=bool(run.accept.strip()))
            config = read_configuration()
            request = RehearsalRequest(
                run,
                backup=str(find_backup(backup)) if backup else "",
                directory=config.rehearsal_directory,
                window_seconds=parse_duration(window, "Maintenance window") if window else None,
                rehearses_rollback=not skip_rollback,
                seconds=SOFT_TIME_LIMIT_SECONDS - REPORT_SECONDS,
            )
            report = rehearse_installed(request, config, self._log_activity)
        except (UsageError, ConfigurationError) as error:
            return self.refuse(str(error))
        return self.publish(report)

    def _require_permissions(self, *, has_acceptances: bool) -> None:
        """Refuse a user who may not do what a rehearsal does.

        Raises:
            UsageError: A permission is missing.
        """
        needed = [REHEARSE, BUILD_TARGET, *([ACCEPT_FINDINGS] if has_acceptances else [])]
        for action in needed:
            if not self.user_has_permission(action):
                raise UsageError(
                    f"A rehearsal requires a superuser or the permission {action} on this Job."
                )

    def _log_activity(self, activity: str) -> None:
        """Log what the rehearsal does: each stage, and from time to time a part of it."""
        stage, now = activity.partition(":")[0], time.monotonic()
        previous, since = getattr(self, "_logged", ("", 0.0))
        if stage != previous or now - since >= PROGRESS_SECONDS:
            self._logged = (stage, now)
            self.log_progress(activity)
