"""What earlier runs have attached: the records of rehearsals, and the reports of Preflight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..collect.context import attempt
from ..facts import Unavailable
from ..facts.prediction import Prediction
from ..facts.rehearsal import RehearsalRecord
from ..report.prediction_file import read_prediction
from ..snapshot.rehearsal_file import REHEARSAL_FILE
from ..workflows.rehearsal_store import MAX_RECORDS
from .snapshot_fields import read_bytes

if TYPE_CHECKING:
    from django.core.files import File

    from .base import UpgradeJob

T = TypeVar("T")


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
    yield from _load_newest(files, REHEARSAL_FILE.load)


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
    # Without migrations, it is about the installed release after the upgrade.
    return next((each for each in _load_newest(reports, read_prediction) if each.migrations), None)


def _load_newest(proxies: Any, load: Callable[[bytes], T]) -> Iterator[T]:
    """Yield the content of the newest files. A file without such a content is ignored."""
    for proxy in proxies.order_by("-uploaded_at")[:MAX_RECORDS]:
        # A storage backend can raise any exception.
        content = attempt(partial(_load, proxy.file, load), expected=Exception)
        if not isinstance(content, Unavailable):
            yield content


def _load(file: File[bytes], load: Callable[[bytes], T]) -> T:
    return load(read_bytes(file))
