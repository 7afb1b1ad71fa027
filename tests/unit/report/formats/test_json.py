"""The JSON report and its schema."""

import jsonschema
import pytest

from nautobot_upgrade_jobs.checks.findings import Status, Verdict
from nautobot_upgrade_jobs.report.formats import json as json_report
from nautobot_upgrade_jobs.report.verdict_text import EVIDENCE_SOURCES
from nautobot_upgrade_jobs.rollback.diagnosis import UpgradeState
from nautobot_upgrade_jobs.rollback.loss_text import LOSS_SENTENCES
from tests.support.report_samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_build_document_conforms_to_schema(name):
    jsonschema.validate(json_report.build_document(SAMPLES[name]), json_report.load_schema())


@pytest.mark.parametrize(
    "damage",
    [
        {"verdict": "green"},
        {"schema": 2},
        {"surprise": 1},
        {"created": "yesterday"},
        {"counts": {"blocker": -1, "warning": 0, "info": 0, "accepted": 0}},
    ],
)
def test_schema_rejects_invalid_documents(damage):
    document = json_report.build_document(SAMPLES["go"]) | damage
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_report.load_schema())


def test_schema_enumerations_match_the_types():
    properties = json_report.load_schema()["properties"]
    rollback = properties["rollback"]["properties"]
    losses = rollback["options"]["items"]["properties"]["losses"]["items"]["properties"]
    check = properties["checks"]["items"]["properties"]
    assert set(rollback["state"]["enum"]) == {state.value for state in UpgradeState}
    assert set(losses["kind"]["enum"]) == set(LOSS_SENTENCES)
    assert set(check["status"]["enum"]) == {status.value for status in Status}
    assert set(check["evidence_source"]["enum"]) == set(EVIDENCE_SOURCES)
    assert set(properties["verdict"]["enum"]) == {verdict.value for verdict in Verdict}
