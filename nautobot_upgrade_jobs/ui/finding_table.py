"""The table of a run's findings, in the form of Nautobot's own tables."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable

from .finding_history import FindingHistory

SHORT = {"td": {"class": "u-short"}}
"""Attributes of a column whose words stay on one line."""


class FindingTable(tables.Table):
    """Findings with their status since the earlier run."""

    status = tables.Column(order_by="status_rank", attrs=SHORT)
    severity = tables.Column(order_by="severity_rank", attrs=SHORT)
    area = tables.Column(attrs=SHORT)
    message = tables.Column(verbose_name="Finding")
    when = tables.Column(verbose_name="Fix", default="", attrs=SHORT)
    note = tables.Column(verbose_name="Acceptance", default="")

    class Meta:
        """Looks like the tables of the installed release of Nautobot."""

        attrs: ClassVar = {**BaseTable.Meta.attrs, "aria-label": "Findings"}
        row_attrs: ClassVar = {"class": lambda record: f"u-{record.severity}"}
        empty_text = "No finding matches the filters."

    def __init__(self, *args: Any, run: str, earlier: str, **kwargs: Any) -> None:
        """Take the rows.

        Args:
            args: As for the base class.
            run: Primary key of the run.
            earlier: Primary key of the run before it. Empty if there is none.
            kwargs: As for the base class.
        """
        self._run, self._earlier = run, earlier
        super().__init__(*args, **kwargs)

    def render_severity(self, value: str) -> SafeString:
        """Return the severity in its color."""
        return format_html('<span class="u-word">{}</span>', value)

    def render_message(self, value: str, record: FindingHistory) -> SafeString:
        """Return the message as a link to the finding's page, and the key."""
        url = finding_url(self._run if record.is_current else self._earlier, record.key)
        return format_html(
            '<a href="{}">{}</a><div class="u-dim">{}</div>', url, value, record.display_key
        )


def finding_url(run: str, key: str) -> str:
    """Return the URL of the page of a finding.

    Args:
        run: Primary key of the run that has the finding.
        key: Key of the finding.
    """
    page = reverse("plugins:nautobot_upgrade_jobs:finding", kwargs={"pk": run})
    return f"{page}?{urlencode({'key': key})}"


def findings_url(run: str) -> str:
    """Return the URL of the page with all findings of a run.

    Args:
        run: Primary key of the run.
    """
    return reverse("plugins:nautobot_upgrade_jobs:findings", kwargs={"pk": run})
