"""Filter findings by status, severity, area and text. The query of the URL has the filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from .finding_history import STATUS_ORDER, FindingHistory
from .job_outcome import SEVERITIES

CHOICES = {"status": STATUS_ORDER, "severity": SEVERITIES}
"""Values of a filter in the order of urgency. The others are in the order of the alphabet."""
FIELDS = ("status", "severity", "area")


class FindingFilter(forms.Form):
    """The filters above a table of findings. An invalid filter is an error and filters nothing."""

    q = forms.CharField(label="Search", required=False, max_length=200)

    def __init__(
        self, query: Mapping[str, Any], entries: Iterable[FindingHistory], select_class: str
    ) -> None:
        """Offer the values that the findings have, each with its number.

        Args:
            query: The query of the URL.
            entries: All findings.
            select_class: The CSS class of a choice in this release of Nautobot.
        """
        super().__init__(query)
        self._entries = tuple(entries)
        for name in FIELDS:
            choices = [("", "all"), *self._list_choices(name)]
            self.fields[name] = forms.ChoiceField(choices=choices, required=False)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-control" if name == "q" else select_class

    def _list_choices(self, name: str) -> list[tuple[str, str]]:
        counts = Counter(getattr(entry, name) for entry in self._entries)
        order = CHOICES.get(name, sorted(counts))
        return [(value, f"{value} ({counts[value]})") for value in order if counts[value]]

    def apply(self) -> tuple[FindingHistory, ...]:
        """Return the findings that match all valid filters."""
        self.full_clean()
        wanted = {name: value for name, value in self.cleaned_data.items() if value}
        text = wanted.pop("q", "").casefold()
        return tuple(
            entry
            for entry in self._entries
            if all(getattr(entry, name) == value for name, value in wanted.items())
            and (text in entry.message.casefold() or text in entry.key.casefold())
        )
