"""The lines that accept a finding by name."""

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


def settings_of(text):
    found = {}
    exec(text, found)
    return found["PLUGINS_CONFIG"]["nautobot_upgrade_jobs"]["acceptances"]


@pytest.mark.parametrize(
    "reason",
    [
        "replaced in May",
        'it\'s "quoted" \\ and }} braced {{',
        "'}]}\nimport os\n#",
        "<script>alert(1)</script>",
        "\u202edlrow olleh",
    ],
)
def test_the_lines_are_a_setting_that_is_understood(reason):
    (entry,) = settings_of(render_snippet(today=TODAY, **{**FIELDS, "reason": reason}))
    assert entry == {**FIELDS, "reason": " ".join(reason.split())}
    assert parse_acceptances([entry])


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("reason", " ", "'reason' is empty"),
        ("finding", "", "'finding' is empty"),
        ("target", "", "'target' is empty"),
        ("until", "tomorrow", "not a date"),
        ("until", "2026-11-21", "is past"),
    ],
)
def test_what_is_missing_is_named(field, value, says):
    with pytest.raises(AcceptanceError, match=says):
        render_snippet(today=TODAY, **{**FIELDS, field: value})


def test_today_is_not_past():
    assert render_snippet(today=TODAY, **{**FIELDS, "until": "2026-11-22"})
