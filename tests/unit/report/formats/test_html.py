"""The report as HTML."""

import re
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.release_notes import TriagedNote
from nautobot_upgrade_jobs.facts.release_notes import ReleaseNote
from nautobot_upgrade_jobs.report import FORMATS
from tests.support.report_samples import SAMPLES

PAGE = "https://docs.nautobot.com/projects/core/en/stable/release-notes/version-3.0.html"


def render_notes(*kinds_and_texts):
    notes = tuple(
        TriagedNote(ReleaseNote("nautobot", "3.0.0", kind, text, link=f"{PAGE}#{kind}-in-v300"))
        for kind, text in kinds_and_texts
    )
    return FORMATS["html"](replace(SAMPLES["blocked"], release_notes=notes))


def test_render_makes_no_network_request():
    html = FORMATS["html"](SAMPLES["blocked"])
    assert not re.search(r"<(script|link|img|iframe)|\bsrc=|url\(", html)


@pytest.mark.parametrize(
    ("kind", "is_listed"),
    [
        ("action", True),
        ("breaking", True),
        ("removed", True),
        ("deprecated", True),
        ("security", True),
        ("changed", False),
        ("dependencies", False),
    ],
)
def test_render_lists_notes_that_require_action_and_counts_the_others(kind, is_listed):
    html = render_notes((kind, "The first."), (kind, "The second."))
    assert ("The first." in html, "The second." in html) == (is_listed, is_listed)
    assert ("<td>2</td><td>3.0.0 " in html) is not is_listed
    assert html.count(f'"{PAGE}#{kind}-in-v300"' if is_listed else f'"{PAGE}"') == 1


def test_render_note_costs_little_more_than_its_text():
    one, many = (
        len(render_notes(*[("security", "x" * 100)] * number).encode()) for number in (1, 101)
    )
    assert many - one < 100 * 130
