"""The files of a run that a user may view, and what they contain."""

from __future__ import annotations

import json
import logging
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.db.models import QuerySet
from django.urls import reverse
from nautobot.extras.models import FileProxy

from .job_files import describe_file, sort_files
from .job_runs import Run

logger = logging.getLogger(__name__)
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escape sequence of half a character, as JSON writes it."""
MAX_REPORT_BYTES = 10_000_000
"""Nautobot's default limit for files of a Job."""
MAX_ARCHIVE_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of an archive that are kept in memory. A larger archive is written to a temporary file."""


@dataclass(frozen=True)
class Attachment:
    """A file attached to a run."""

    key: str
    name: str

    @property
    def purpose(self) -> str:
        """What the file is for. Empty if unknown."""
        return describe_file(self.name)

    @property
    def url(self) -> str:
        """URL to download the file."""
        return reverse("extras-api:fileproxy-download", kwargs={"pk": self.key})


def list_attachments(run: Run, user: Any) -> tuple[Attachment, ...]:
    """Return the files of a run that a user may view, in the order of their use."""
    files = (Attachment(str(proxy.pk), proxy.name) for proxy in query_files(run.key, user))
    return tuple(sort_files(files, lambda file: file.name))


def query_files(result: str, user: Any, ending: str = "") -> QuerySet[FileProxy]:
    """Return the files of a result that a user may view and whose names have an ending."""
    return FileProxy.objects.restrict(user, "view").filter(job_result=result, name__endswith=ending)


def read_file(proxy: FileProxy, max_bytes: int = -1) -> bytes | None:
    """Return the content of a file, at most ``max_bytes``. None if the storage cannot read it."""
    try:
        with proxy.file.open("rb") as stream:
            return bytes(stream.read(max_bytes))
    except Exception:  # A storage backend can raise any exception.
        logger.warning("nautobot_upgrade_jobs: %s cannot be read", proxy.name, exc_info=True)
        return None


def find_readable(runs: Iterable[Run], user: Any, ending: str = ".json") -> frozenset[str]:
    """Return the keys of the runs that have a file with an ending, which a user may view.

    Without an ending, this is the JSON report.
    """
    proxies = FileProxy.objects.restrict(user, "view").filter(
        job_result__in=[run.key for run in runs], name__endswith=ending
    )
    return frozenset(map(str, proxies.values_list("job_result_id", flat=True)))


def load_report(run: Run, user: Any) -> dict[str, Any] | None:
    """Return the JSON report of a run. None if it is missing or the user may not view it."""
    proxy = query_files(run.key, user, ".json").first() if run.outcome.ended else None
    try:
        data = (read_file(proxy, MAX_REPORT_BYTES) if proxy else None) or b"null"
        document = json.loads(data)
        if SURROGATE.search(data):  # A lone one cannot be written to a page.
            text = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def pack_files(proxies: Iterable[FileProxy]) -> IO[bytes] | None:
    """Return a ZIP archive of files. None if the storage can read none of them."""
    archive = SpooledTemporaryFile(max_size=MAX_ARCHIVE_IN_MEMORY)  # noqa: SIM115 - returned
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for proxy in proxies:
            data = read_file(proxy)
            # The name is a file's name of this App. A forged one must not leave the folder.
            name = PurePosixPath(proxy.name.replace("\\", "/")).name
            if data is not None and name:
                packed.writestr(name, data)
        is_empty = not packed.namelist()
    archive.seek(0)
    return None if is_empty else archive
