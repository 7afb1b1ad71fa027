"""How a Job finds the snapshot that it was given, or that an earlier run has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from nautobot.extras.models import FileProxy, JobResult

from ..configuration import UsageError
from ..snapshot.file import LARGEST_FILE, Snapshot, SnapshotError, unseal
from .base import UpgradeJob

if TYPE_CHECKING:
    from django.core.files import File

RESULTS = {"name": ["Capture Snapshot", "Compare Snapshots"]}
"""The runs that a form offers: those that leave a snapshot."""


class SnapshotReader(UpgradeJob):
    """A Job that reads snapshots which its user may see."""

    class Meta:
        """Not a Job by itself."""

        abstract = True

    def snapshot(
        self, which: str, result: JobResult | None, upload: File | None
    ) -> Snapshot | None:
        """Return the snapshot that was asked for; None if none was."""
        if result and upload:
            raise UsageError(f"'{which}' is given twice: name a run or a file.")
        if upload:
            return _read(upload, f"'{which}', the uploaded file")
        if not result:
            return None
        proxy = self._files().filter(job_result=result).order_by("-uploaded_at").first()
        if proxy is None:
            raise UsageError(f"'{which}': the run {result.pk} has no snapshot that you may see.")
        return _read(proxy.file, proxy.name)

    def newest(self, newer: Snapshot | None) -> Snapshot | None:
        """Return the newest snapshot that is older than the other; None if there is none."""
        for proxy in self._files().exclude(job_result=self.job_result).order_by("-uploaded_at"):
            found = _read(proxy.file, proxy.name)
            if newer is None or found.created < newer.created:
                return found
        return None

    def _files(self) -> Any:
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


def _read(file: File, name: str) -> Snapshot:
    """Read a snapshot from Nautobot's storage or from an upload."""
    try:
        with file.open("rb") as stream:
            return unseal(stream.read(LARGEST_FILE + 1))
    except (OSError, SnapshotError) as error:
        raise UsageError(f"{name}: {error}") from None
