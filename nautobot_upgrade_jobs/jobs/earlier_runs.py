"""What earlier runs have attached: the records of rehearsals, and the reports of Preflight."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ..collect.context import attempt
from ..facts import Unavailable
from ..facts.prediction import Prediction
from ..facts.rehearsal import RehearsalRecord
from ..report.prediction_file import read_prediction
from ..snapshot.rehearsal_file import load_record
from ..workflows.rehearsal_store import MAX_RECORDS
from .snapshot_fields import read_bytes

if TYPE_CHECKING:
    from django.core.files import File

    from .base import UpgradeJob


def find_rehearsals(job: UpgradeJob) -> Iterator[RehearsalRecord]:
    """Yield the newest rehearsals that the user of a run may view.

    Args:
        job: The Job of the run.
    """
    files = job.query_files().filter(
        job_result__job_model__job_class_name="RehearseUpgrade",
        name__startswith="rehearsal-",
        name__endswith=".json.gz",
    )
    for proxy in files.order_by("-uploaded_at")[:MAX_RECORDS]:
        record = attempt(partial(_load_record, proxy.file), expected=Exception)
        # A storage backend can raise any exception. A file that is no record is ignored.
        if not isinstance(record, Unavailable):
            yield record


def find_prediction(job: UpgradeJob, release: str) -> Prediction | None:
    """Return what the newest Preflight of the upgrade to a release has predicted.

    Args:
        job: The Job of the run. Only reports that its user may view count.
        release: The installed release.
    """
    reports = job.query_files().filter(
        job_result__job_model__job_class_name="Preflight",
        name__startswith="preflight-",
        name__endswith=".json",
        job_result__result__target_version=release,
    )
    for proxy in reports.order_by("-uploaded_at")[:MAX_RECORDS]:
        prediction = attempt(partial(_load_prediction, proxy.file), expected=Exception)
        # Without migrations, it is about the installed release after the upgrade.
        if not isinstance(prediction, Unavailable) and prediction.migrations:
            return prediction
    return None


def _load_record(file: File[bytes]) -> RehearsalRecord:
    return load_record(read_bytes(file))


def _load_prediction(file: File[bytes]) -> Prediction:
    return read_prediction(read_bytes(file))
