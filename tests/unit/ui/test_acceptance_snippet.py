"""The settings entry that accepts a finding."""

from datetime import date

import pytest

from nautobot_upgrade_jobs.checks.acceptance import AcceptanceError, parse_acceptances
from nautobot_upgrade_jobs.ui.acceptance_snippet import render_snippet

TODAY = date(2026, 11, 22)
FIELDS = {
    "finding": "data.cables:dcim_cable",
    "reason": "replaced in May",
    "who": "ann",
    "until": "2027-01-31",
    "target": "3.2.7",
}


def read_acceptances(text):
    settings = {"PLUGINS_CONFIG": {"other": {"setting": 1}}}
    exec(text, settings)
    assert settings["PLUGINS_CONFIG"]["other"] == {"setting": 1}
    return settings["PLUGINS_CONFIG"]["nautobot_upgrade_jobs"]["acceptances"]


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("replaced in May", id="plain"),
        pytest.param('it\'s "quoted" \\ and }} braced {{', id="quotes and braces"),
        pytest.param("'}]}\nimport os\n#", id="code"),
        pytest.param("<script>alert(1)</script>", id="markup"),
        pytest.param("\u202edlrow olleh", id="right to left"),
    ],
)
def test_render_snippet_any_reason_parses_as_the_same_acceptance(reason):
    (entry,) = read_acceptances(render_snippet(today=TODAY, **{**FIELDS, "reason": reason}))
    assert entry == {**FIELDS, "reason": " ".join(reason.split())}
    assert parse_acceptances([entry])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        pytest.param("reason", " ", "'reason'", id="blank reason"),
        pytest.param("finding", "", "'finding'", id="empty finding"),
        pytest.param("target", "", "'target'", id="empty target"),
        pytest.param("until", "tomorrow", "not a date", id="not a date"),
        pytest.param("until", "2026-11-21", "2026-11-21 is in the past", id="past date"),
    ],
)
def test_render_snippet_invalid_field_raises_an_error_that_names_it(field, value, message):
    with pytest.raises(AcceptanceError, match=message):
        render_snippet(today=TODAY, **{**FIELDS, field: value})


def test_render_snippet_until_current_day_is_accepted():
    assert render_snippet(today=TODAY, **{**FIELDS, "until": "2026-11-22"})


def test_render_snippet_adds_to_the_entries_of_the_file():
    settings = {"PLUGINS_CONFIG": {"nautobot_upgrade_jobs": {"acceptances": [{"finding": "x"}]}}}
    exec(render_snippet(today=TODAY, **FIELDS), settings)
    entries = settings["PLUGINS_CONFIG"]["nautobot_upgrade_jobs"]["acceptances"]
    assert [one["finding"] for one in entries] == ["x", FIELDS["finding"]]
