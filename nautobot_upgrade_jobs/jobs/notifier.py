"""Send a notification about a finished run: to webhooks and by e-mail. Off by default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from django.core.mail import EmailMultiAlternatives, get_connection
from django.urls import reverse

from ..checks.findings import Severity
from ..report import Report
from ..report.formats import summary
from ..report.notification import build_payload

TIMEOUT_SECONDS = 10
DEFAULT_SEVERITY = Severity.WARNING.value


class Notifier:
    """The recipients that the setting ``notifications`` names."""

    def __init__(self, setting: dict[str, Any], site: str) -> None:
        """Read the setting, which has been validated.

        Args:
            setting: The setting ``notifications``.
            site: Address of Nautobot, such as ``https://nautobot.example.org``, or an empty text.
        """
        self._webhooks: list[str] = setting.get("webhooks", [])
        self._addresses: list[str] = setting.get("emails", [])
        self._site = site.rstrip("/")
        self.severity = Severity(setting.get("severity", DEFAULT_SEVERITY))
        self.is_enabled = bool(self._webhooks or self._addresses)

    def send(self, report: Report, job_result: str) -> Iterator[str]:
        """Send the notification. Yield each failure; no failure ends a run.

        Args:
            report: The report of the run.
            job_result: Primary key of the JobResult.
        """
        page = reverse("extras:jobresult", kwargs={"pk": job_result})
        url = f"{self._site}{page}" if self._site else ""
        for number, address in enumerate(self._webhooks, start=1):
            try:
                _post(address, build_payload(report, url))
            except Exception as error:  # noqa: BLE001 - any address, and any server
                place = f"webhook {number} ({urlsplit(address).hostname})"
                yield f"The {place} was not notified: {type(error).__name__}."
        if self._addresses:
            try:
                _send_mail(report, url, self._addresses)
            except Exception as error:  # noqa: BLE001 - a mail backend can raise any exception
                yield f"No e-mail was sent: {type(error).__name__}."


def _post(address: str, payload: dict[str, Any]) -> None:
    # A redirect could lead into the network of the worker.
    # The body of the answer is not read, because it could be endless.
    with requests.post(
        address, json=payload, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
    ) as answer:
        answer.raise_for_status()
        if answer.is_redirect:
            raise requests.TooManyRedirects


def _send_mail(report: Report, url: str, addresses: list[str]) -> None:
    link = f"\n{url}\n" if url else ""
    mail = EmailMultiAlternatives(
        subject=f"{report.verdict.label}: {report.subject}, {report.instance}"[:200],
        body=f"{summary.render(report)}{link}",
        to=addresses,
        connection=get_connection(timeout=TIMEOUT_SECONDS),
    )
    mail.attach_alternative(summary.render_html(report), "text/html")
    mail.send()
