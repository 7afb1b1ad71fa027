"""How a Job finds the snapshot that it was given, or that an earlier run has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Q
from nautobot.apps.jobs import ObjectVar
from nautobot.extras.models import FileProxy, Job, JobResult

from ..app_settings import UsageError
from ..collect import explain
from ..report.formats.markdown import escape
from ..snapshot.file_format import LARGEST_FILE, Snapshot, SnapshotError, unseal
from .base import UpgradeJob

if TYPE_CHECKING:
    from django.core.files import File

SNAPSHOT_PRODUCERS = ("CaptureSnapshot", "CompareSnapshots")
"""Classes of the Jobs that do."""


class SnapshotVar(ObjectVar):
    """A field for a run that has left a snapshot.

    Such runs are asked for by the keys of the Jobs: names can be changed, and results carry them.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(model=JobResult, required=False, **kwargs)

    def as_field(self) -> Any:
        """Return the field of a form, which offers the runs that there are by now."""
        jobs = Job.objects.filter(job_class_name__in=SNAPSHOT_PRODUCERS)
        keys = [str(key) for key in jobs.values_list("pk", flat=True)]
        self.field_attrs["query_params"] = {"job_model": keys}
        return super().as_field()


class SnapshotReader(UpgradeJob):
    """A Job that reads snapshots which its user may see."""

    class Meta:
        """Not a Job by itself."""

        abstract = True

    def load_snapshot(
        self, which: str, result: JobResult | None, upload: File | None
    ) -> Snapshot | None:
        """Return the snapshot that was asked for; None if none was."""
        if result and upload:
            raise UsageError(f"'{which}' is given twice: name a run or a file.")
        if upload:
            return _read_snapshot(upload, f"'{which}', the uploaded file")
        if not result:
            return None
        proxy = self._query_snapshots().filter(job_result=result).order_by("-uploaded_at").first()
        if proxy is None:
            raise UsageError(f"'{which}': the run {result.pk} has no snapshot that you may see.")
        return _read_snapshot(proxy.file, proxy.name)

    def find_latest_before(self, newer: Snapshot | None) -> Snapshot | None:
        """Return the newest snapshot that is older than the other; None if there is none."""
        for proxy in (
            self._query_snapshots().exclude(job_result=self.job_result).order_by("-uploaded_at")
        ):
            try:
                found = _read_snapshot(proxy.file, proxy.name)
            except UsageError as error:
                self.logger.warning("%s", escape(str(error)), extra={"grouping": "summary"})
                continue
            if newer is None or found.created < newer.created:
                return found
        return None

    def _query_snapshots(self) -> Any:
        """Return the snapshots that the user may see: nobody learns more by comparing.

        Only those of our own Jobs count, or anybody who may run a Job could place a baseline.
        """
        ours = Q(job_result__job_model__module_name__startswith=f"{__package__}.") | Q(
            job_result__job_model__module_name=type(self).__module__
        )
        return FileProxy.objects.restrict(self.user, "view").filter(
            ours,
            job_result__in=JobResult.objects.restrict(self.user, "view"),
            name__startswith="snapshot-",
            name__endswith=".json.gz",
        )


def _read_snapshot(file: File, name: str) -> Snapshot:
    """Read a snapshot from Nautobot's storage or from an upload."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - each storage has errors of its own
        raise UsageError(f"{name}: it cannot be read: {explain(error)}") from None
    try:
        return unseal(data)
    except SnapshotError as error:
        raise UsageError(f"{name}: {error}") from None
