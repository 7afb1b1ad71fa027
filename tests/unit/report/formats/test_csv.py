"""The findings as CSV."""

import csv
import io
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.report.formats.csv import COLUMNS, render
from tests.support.report_samples import BLOCKER, SAMPLES, with_findings


def read(report):
    return list(csv.DictReader(io.StringIO(render(report))))


@pytest.mark.parametrize("name", SAMPLES)
def test_render_has_one_row_for_each_finding_and_each_check_that_could_not_run(name):
    rows = read(SAMPLES[name])
    unchecked = [row["key"] for row in rows if row["severity"] == "not checked"]
    assert unchecked == [result.check for result in SAMPLES[name].not_checked]
    assert len(rows) - len(unchecked) == len(list(SAMPLES[name].findings()))
    assert all(tuple(row) == COLUMNS for row in rows)


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ('1 cable, and "more"', '1 cable, and "more"'),
        ("a = b", "a = b"),
    ],
)
def test_render_starts_no_cell_with_a_formula(message, cell):
    (row,) = read(with_findings(replace(BLOCKER, message=message)))
    assert row["message"] == cell


def test_render_joins_commands_and_evidence_by_lines():
    (row,) = read(with_findings(replace(BLOCKER, evidence=("first", "second"))))
    assert row["evidence"].splitlines() == ["first", "second"]
    assert row["commands"].splitlines() == ["nautobot-server shell", "SELECT 1;"]
