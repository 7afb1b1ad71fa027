"""Form fields for snapshots, and the base class of Jobs that load snapshots."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nautobot.apps.jobs import ObjectVar
from nautobot.extras.models import Job, JobResult

from ..collect.context import attempt
from ..common.errors import UsageError
from ..common.sealed_file import MAX_FILE_BYTES, SealedFileError
from ..facts import Unavailable
from ..report.formats.markdown import escape
from ..snapshot.file_format import Snapshot, load
from .base import UpgradeJob

if TYPE_CHECKING:
    from django.core.files import File

SNAPSHOT_PRODUCERS = ("CaptureSnapshot", "CompareSnapshots")
"""Class names of the Jobs that attach a snapshot."""


class SnapshotVar(ObjectVar):
    """A form field for a run that attached a snapshot.

    The field selects Jobs by primary key, because users can rename a Job.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(model=JobResult, required=False, **kwargs)

    def as_field(self) -> Any:
        """Return the form field, limited to runs of the Jobs that attach snapshots."""
        jobs = Job.objects.filter(job_class_name__in=SNAPSHOT_PRODUCERS)
        keys = [str(key) for key in jobs.values_list("pk", flat=True)]
        self.field_attrs["query_params"] = {"job_model": keys}
        return super().as_field()


class SnapshotReader(UpgradeJob):
    """A Job that reads the snapshots that its user may view."""

    class Meta:
        """Marks the class as a base class, which is not a Job."""

        abstract = True

    def load_snapshot(
        self, label: str, result: JobResult | None, upload: File[bytes] | None
    ) -> Snapshot | None:
        """Return the snapshot of a run or an upload. None if there is neither.

        Args:
            label: Name of the form field, for messages.
            result: The run that attached the snapshot.
            upload: The uploaded file.

        Raises:
            UsageError: There is a run and an upload, or the snapshot cannot be read.
        """
        if result and upload:
            raise UsageError(f"'{label}' is given twice. Choose either a Job result or a file.")
        if upload:
            return _read_snapshot(upload, f"'{label}', the uploaded file")
        if not result:
            return None
        proxy = self._query_snapshots().filter(job_result=result).order_by("-uploaded_at").first()
        if proxy is None:
            raise UsageError(f"'{label}': the run {result.pk} has no snapshot that you may view.")
        return _read_snapshot(proxy.file, proxy.name)

    def find_latest_before(self, newer: Snapshot | None) -> Snapshot | None:
        """Return the newest snapshot that is older than ``newer``.

        Return the newest of all if ``newer`` is None. Return None if there is no such snapshot.
        """
        for proxy in (
            self._query_snapshots().exclude(job_result=self.job_result).order_by("-uploaded_at")
        ):
            try:
                snapshot = _read_snapshot(proxy.file, proxy.name)
            except UsageError as error:
                self.logger.warning("%s", escape(str(error)), extra={"grouping": "summary"})
                continue
            if newer is None or snapshot.created < newer.created:
                return snapshot
        return None

    def _query_snapshots(self) -> Any:
        """Return the snapshots that the user may view."""
        return self.query_files().filter(name__startswith="snapshot-", name__endswith=".json.gz")


def read_bytes(file: File[bytes]) -> bytes:
    """Return the content of a file, up to a byte more than is accepted."""
    with file.open("rb") as stream:
        content: bytes = stream.read(MAX_FILE_BYTES + 1)
    return content


def _read_snapshot(file: File[bytes], name: str) -> Snapshot:
    """Read a snapshot from Nautobot's storage or from an upload."""
    data = attempt(
        partial(read_bytes, file), expected=Exception
    )  # A storage backend can raise any exception.
    if isinstance(data, Unavailable):
        raise UsageError(f"{name} cannot be read: {data.reason}")
    try:
        return load(data)
    except SealedFileError as error:
        raise UsageError(f"{name}: {error}") from None
