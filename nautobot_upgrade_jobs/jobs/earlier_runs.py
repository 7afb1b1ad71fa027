"""What earlier runs have attached: the records of rehearsals, and the reports of Preflight."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from nautobot.extras.models import FileProxy, JobResult

from ..app_settings import read_configuration
from ..collect.context import attempt
from ..common.errors import ConfigurationError
from ..facts import Unavailable
from ..facts.prediction import Prediction
from ..facts.rehearsal import RehearsalRecord
from ..report.prediction_file import read_prediction
from ..snapshot.rehearsal_file import load_record
from ..workflows.rehearsal_store import MAX_RECORDS, read_kept_records, results_folder
from .snapshot_fields import read_bytes

if TYPE_CHECKING:
    from django.core.files import File


def find_rehearsals(user: Any) -> tuple[RehearsalRecord, ...]:
    """Return the newest rehearsals that a user may view, and those that a shell has kept.

    Only files of the Jobs of this App count, because any other Job could attach a forged record.
    """
    try:
        folder = results_folder(read_configuration().rehearsal_directory)
    except ConfigurationError:  # The run reports it.
        folder = None
    return (*_read_attached(user), *read_kept_records(folder))


def find_prediction(user: Any, release: str) -> Prediction | None:
    """Return what the newest Preflight of the upgrade to a release has predicted.

    Args:
        user: Only reports that this user may view count.
        release: The installed release.
    """
    reports = _query_files(user, "preflight").filter(
        name__startswith="preflight-",
        name__endswith=".json",
        job_result__result__target_version=release,
    )
    for proxy in reports.order_by("-uploaded_at")[:MAX_RECORDS]:
        prediction = attempt(partial(_load_prediction, proxy.file), expected=Exception)
        if not isinstance(prediction, Unavailable):
            return prediction
    return None


def _query_files(user: Any, module: str) -> Any:
    """Return the files of a Job of this App that a user may view."""
    return FileProxy.objects.restrict(user, "view").filter(
        job_result__job_model__module_name=f"{__package__}.{module}",
        job_result__in=JobResult.objects.restrict(user, "view"),
    )


def _read_attached(user: Any) -> Iterator[RehearsalRecord]:
    files = _query_files(user, "rehearse").filter(
        name__startswith="rehearsal-", name__endswith=".json.gz"
    )
    for proxy in files.order_by("-uploaded_at")[:MAX_RECORDS]:
        record = attempt(partial(_load_record, proxy.file), expected=Exception)
        # A storage backend can raise any exception. A file that is no record is ignored.
        if not isinstance(record, Unavailable):
            yield record


def _load_record(file: File[bytes]) -> RehearsalRecord:
    return load_record(read_bytes(file))


def _load_prediction(file: File[bytes]) -> Prediction:
    return read_prediction(read_bytes(file))
