"""The report as JUnit XML."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.report import FORMATS
from tests.support.report_samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_render_counts_match_test_cases(name):
    """A report that is not GO or CAUTION fails a CI gate."""
    report = SAMPLES[name]
    root = ElementTree.fromstring(FORMATS["junit"](report))
    cases = root.findall("./testsuite/testcase")
    assert len(cases) == int(root.get("tests", 0)) == len(report.results)
    for kind in ("failure", "error", "skipped"):
        total = "skipped" if kind == "skipped" else f"{kind}s"
        assert len(root.findall(f".//{kind}")) == int(root.get(total, 0))
    stopped = bool(root.findall(".//failure") or root.findall(".//error"))
    assert stopped is (report.verdict in (Verdict.BLOCKED, Verdict.INCOMPLETE)) or not cases


def test_limited_run_is_not_green():
    report = replace(SAMPLES["go"], only=("data.dangling_cables",), verdict=Verdict.INCOMPLETE)
    root = ElementTree.fromstring(FORMATS["junit"](report))
    (error,) = root.findall(".//error")
    assert "Only 1 check" in error.get("message")
    assert int(root.get("errors")) == 1
    assert len(root.findall(".//testcase")) == int(root.get("tests"))
