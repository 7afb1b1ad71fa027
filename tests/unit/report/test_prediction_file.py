"""The prediction of a Preflight is read from its JSON report, and from nothing else."""

import json
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.report.formats import json as json_format
from nautobot_upgrade_jobs.report.prediction_file import PredictionError, read_prediction
from tests.support.report_samples import SAMPLES

BLOCKED = SAMPLES["blocked"]
DOCUMENT = json.loads(json_format.render(BLOCKED))


def encode(**changes):
    return json.dumps(DOCUMENT | changes).encode()


def test_read_prediction_of_a_report_has_its_findings():
    report = replace(BLOCKED, migration_seconds=(40.0, 60.0))
    found = read_prediction(json_format.render(report).encode())
    assert found.target == report.target_version
    assert found.migrations == report.migrations
    assert found.seconds == (40.0, 60.0)
    assert set(found.blockers) < set(found.findings)
    assert found.blockers


def test_read_prediction_without_a_trial_boot_has_unknown_parts():
    found = read_prediction(encode(migrations=None, migration_seconds=None))
    assert (found.migrations, found.seconds) == (None, None)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "no JSON report", id="empty"),
        pytest.param(b"[]", "no JSON report", id="a list"),
        pytest.param(b"{}", "no JSON report", id="other JSON"),
        pytest.param(b"[" * 100_000, "no JSON report", id="too deep"),
        pytest.param(b"\xff\xfe", "no JSON report", id="no text"),
        pytest.param(encode(kind="verify"), "another Job", id="another Job"),
        pytest.param(encode(findings=[{}]), "no JSON report", id="finding without a key"),
        pytest.param(encode(migration_seconds=[1]), "no JSON report", id="half a range"),
        pytest.param(b" " * (64 * 2**20 + 1), "larger than 64 MiB", id="too large"),
    ],
)
def test_read_prediction_of_another_file_is_refused(data, says):
    with pytest.raises(PredictionError, match=says):
        read_prediction(data)
