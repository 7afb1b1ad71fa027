"""The report as log lines."""

from dataclasses import replace

from nautobot_upgrade_jobs.checks.findings import CheckResult, Status
from nautobot_upgrade_jobs.report import FORMATS
from tests.support.report_samples import SAMPLES


def test_render_shared_reason_appears_once():
    results = tuple(
        CheckResult(check, "Something holds.", Status.SKIPPED, "data", "no right to read")
        for check in ("schema.drift", "schema.columns")
    )
    log = FORMATS["text"](replace(SAMPLES["go"], results=results))
    assert "schema.drift, schema.columns: not checked: no right to read\n" in log
    assert log.count("no right to read") == 1
