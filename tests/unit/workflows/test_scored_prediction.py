"""``--predicted``: a file or a folder, and clear errors for everything else."""

import json

import pytest

from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.report.formats import json as json_format
from nautobot_upgrade_jobs.workflows.scored_prediction import (
    read_predicted,
    require_prediction_of,
)
from tests.support.report_samples import SAMPLES

TEXT = json_format.render(SAMPLES["blocked"])


def test_read_predicted_of_a_folder_reads_the_newest_of_an_upgrade(tmp_path):
    (tmp_path / "preflight-b-20261101T000000Z.json").write_text("{}")
    after = json.dumps(json.loads(TEXT) | {"migrations": []})
    (tmp_path / "preflight-a-20261103T000000Z.json").write_text(after)
    (tmp_path / "preflight-a-20261102T000000Z.json").write_text(TEXT)
    assert read_predicted(tmp_path) == read_predicted(next(tmp_path.glob("*1102*")))


def test_read_predicted_without_a_file_is_none():
    assert read_predicted(None) is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("missing.json", None, "No such file", id="missing"),
        pytest.param(".", None, "contains no preflight", id="empty folder"),
        pytest.param("other.json", "{}", "no JSON report", id="another file"),
    ],
)
def test_read_predicted_of_no_report_is_refused(tmp_path, name, content, says):
    path = tmp_path / name
    if content:
        path.write_text(content)
    with pytest.raises(UsageError, match=says) as error:
        read_predicted(path)
    assert "--predicted" in str(error.value)


def test_prediction_of_another_release_is_refused(tmp_path):
    path = tmp_path / "preflight-a-20261102T000000Z.json"
    path.write_text(TEXT)
    prediction = read_predicted(path)
    require_prediction_of(prediction, prediction.target)
    with pytest.raises(UsageError, match="is installed"):
        require_prediction_of(prediction, "1.0.0")
