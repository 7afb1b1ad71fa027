"""A tiny client for Nautobot's REST API, on the standard library, for the demo and the tests."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from .process import StackError

ENDED = ("SUCCESS", "FAILURE", "REVOKED")
SCHEDULE_AHEAD = timedelta(seconds=20)
"""Nautobot refuses a start within 15 seconds (``ScheduledJob.earliest_possible_time``)."""


class Rest:
    """A client of one Nautobot with one token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.headers = {"Authorization": f"Token {token}", "Accept": "application/json"}

    def fetch(self, path: str, data: Any = None, method: str | None = None) -> bytes:
        """Return the body of an answer; an error repeats what the server said."""
        body = None if data is None else json.dumps(data).encode()
        headers = {**self.headers, **({"Content-Type": "application/json"} if body else {})}
        request = urllib.request.Request(f"{self.url}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
            raise StackError(
                f"{request.get_method()} {path} answered {error.code}: {said}"
            ) from None
        except OSError as error:
            raise StackError(f"no answer from {self.url}: {error}") from None

    def get(self, path: str) -> Any:
        """Return a JSON response."""
        return json.loads(self.fetch(path))

    def post(self, path: str, data: Any) -> Any:
        """Return the JSON response to JSON data."""
        return json.loads(self.fetch(path, data))

    def all(self, path: str) -> list[dict[str, Any]]:
        """Return the results of all pages of a list."""
        found: list[dict[str, Any]] = []
        separator = "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{separator}limit=200&offset={len(found)}")
            results = page if isinstance(page, list) else page["results"]
            found += results
            if isinstance(page, list) or not page["next"]:
                return found

    def job(self, class_path: str) -> dict[str, Any]:
        """Return the record of a Job by its class path."""
        module, _, name = class_path.rpartition(".")
        found = self.all(f"/api/extras/jobs/?module_name={module}&job_class_name={name}")
        if not found:
            raise StackError(f"{self.url} has no Job {class_path}; is it registered in the App?")
        return found[0]

    def start_job(self, class_path: str, data: dict[str, Any] | None = None) -> str:
        """Run a Job on the worker and return its JobResult's id."""
        path = f"/api/extras/jobs/{self.job(class_path)['id']}/run/"
        return str(self.post(path, {"data": data or {}})["job_result"]["id"])

    def follow_job(self, result: str, seconds: float = 900) -> Iterator[dict[str, Any]]:
        """Yield the log entries of a running Job until it ends."""
        deadline, shown = time.monotonic() + seconds, 0
        while True:
            ended = self.get(f"/api/extras/job-results/{result}/")["status"]["value"] in ENDED
            entries = self.all(f"/api/extras/job-results/{result}/logs/")
            yield from entries[shown:]
            shown = len(entries)
            if ended:
                return
            if time.monotonic() > deadline:
                raise StackError(f"the Job did not end within {seconds:g} s (JobResult {result})")
            time.sleep(0.2)

    def run_job(self, class_path: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run a Job on the worker to its end and return its JobResult."""
        result = self.start_job(class_path, data)
        for _ in self.follow_job(result):
            pass
        return dict(self.get(f"/api/extras/job-results/{result}/"))

    def run_scheduled(
        self, class_path: str, data: dict[str, Any] | None = None, patience: float = 240
    ) -> dict[str, Any]:
        """Have beat start a Job, and return its JobResult when it has ended."""
        path = f"/api/extras/jobs/{self.job(class_path)['id']}/run/"
        start = datetime.now(timezone.utc) + SCHEDULE_AHEAD
        schedule = {
            "name": f"{class_path} {start:%H:%M:%S}",
            "interval": "future",
            "start_time": start.isoformat(),
        }
        answer = self.post(path, {"data": data or {}, "schedule": schedule})
        scheduled = answer["scheduled_job"]["id"]
        end = time.monotonic() + patience
        while time.monotonic() < end:
            time.sleep(0.3)
            for result in self.all(f"/api/extras/job-results/?scheduled_job={scheduled}"):
                if result["status"]["value"] in ENDED:
                    return dict(self.get(f"/api/extras/job-results/{result['id']}/"))
        raise StackError(f"beat did not start {class_path} in {patience:.0f} s")

    def files(self, result: str) -> dict[str, bytes]:
        """Return the files of a Job result by name."""
        found = self.all(f"/api/extras/file-proxies/?job_result_id={result}")
        return {
            str(file["name"]): self.fetch(f"/api/extras/file-proxies/{file['id']}/download/")
            for file in found
        }
