"""The report as SARIF."""

import json
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.report import FORMATS
from tests.support.report_samples import SAMPLES


def test_build_document_braces_and_brackets_are_escaped():
    sample = SAMPLES["go"]
    result = replace(sample.results[0], title="A template {0} {{ obj.name }} [is] read.")
    document = json.loads(FORMATS["sarif"](replace(sample, results=(result,))))
    (rule,) = document["runs"][0]["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "A template {{0}} {{{{ obj.name }}}} \\[is\\] read."


@pytest.mark.parametrize("name", SAMPLES)
def test_build_document_lists_every_finding_once(name):
    report = SAMPLES[name]
    (run,) = json.loads(FORMATS["sarif"](report))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [one["partialFingerprints"]["finding/v1"] for one in run["results"]] == [
        one.key for one in report.findings()
    ]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert sum(bool(one["suppressions"]) for one in run["results"]) == report.counts["accepted"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is not bool(report.not_checked)
