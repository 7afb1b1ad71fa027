"""The short form of a report."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.report.formats.summary import MAX_GROUPS, render, render_html
from tests.support.report_samples import BLOCKER, SAMPLES, WARNING, with_findings

LONGEST_BYTES = 20_000
MANY = [replace(BLOCKER, subject=str(number), message="x" * 5000) for number in range(100)]


@pytest.mark.parametrize("render_any", [render, render_html])
@pytest.mark.parametrize("checks", [1, 40, 100])
def test_render_is_short_whatever_was_found(render_any, checks):
    text = render_any(with_findings(*MANY, checks=checks))
    assert len(text.encode()) < LONGEST_BYTES
    hidden = checks - MAX_GROUPS
    assert (f"{hidden} more kinds of findings" in text) is (hidden > 0)


def test_render_groups_findings_of_one_check():
    one = replace(BLOCKER, subject="other")
    text = render(with_findings(BLOCKER, one, replace(WARNING, subject="third")))
    assert (
        "1. blocker: 2 cables end on a row that no longer exists. And 1 more of this kind." in text
    )
    assert "2. warning: MEDIA_ROOT does not exist." in text
    assert "\n3. " not in text


def test_render_names_blockers_before_warnings():
    text = render(with_findings(WARNING, BLOCKER, checks=2))
    assert text.index("blocker: ") < text.index("warning: ")


@pytest.mark.parametrize("name", SAMPLES)
def test_render_states_verdict_subject_and_next_step(name):
    report = SAMPLES[name]
    text = render(report)
    assert text.startswith(f"{report.verdict.label}: {report.headline}")
    assert f"Next: {report.next_step}" in text


def test_render_html_escapes_everything():
    assert "<script" not in render_html(SAMPLES["hostile"])
