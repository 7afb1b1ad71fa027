"""The records of rehearsals that earlier runs have attached."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from nautobot.extras.models import FileProxy, JobResult

from ..app_settings import read_configuration
from ..collect.context import attempt
from ..common.errors import ConfigurationError
from ..facts import Unavailable
from ..facts.rehearsal import RehearsalRecord
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


def _read_attached(user: Any) -> Iterator[RehearsalRecord]:
    proxies = FileProxy.objects.restrict(user, "view").filter(
        job_result__job_model__module_name=f"{__package__}.rehearse",
        job_result__in=JobResult.objects.restrict(user, "view"),
        name__startswith="rehearsal-",
        name__endswith=".json.gz",
    )
    for proxy in proxies.order_by("-uploaded_at")[:MAX_RECORDS]:
        record = attempt(partial(_load, proxy.file), expected=Exception)
        # A storage backend can raise any exception. A file that is no record is ignored.
        if not isinstance(record, Unavailable):
            yield record


def _load(file: File[bytes]) -> RehearsalRecord:
    return load_record(read_bytes(file))
