"""Records of rehearsals: read back equal, and refused when anything is wrong with them."""

import gzip

import pytest

from nautobot_upgrade_jobs.common.sealed_file import SealedFileError
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.snapshot.rehearsal_file import REHEARSAL_FILE
from tests.support.builders import code_failure, migrate_run, rehearsal, rehearsal_record
from tests.unit.snapshot.test_file_format import SNAPSHOT, dump


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(rehearsal(), id="all succeeded"),
        pytest.param(rehearsal(reverse=None, window_seconds=90.0), id="nothing to reverse"),
        pytest.param(rehearsal(reverse=Unavailable("no backup")), id="not rolled back"),
        pytest.param(
            rehearsal(
                forward=migrate_run(
                    stop=code_failure(migration="a.0001"), step_failures=(code_failure(),)
                ),
                predicted_seconds=None,
            ),
            id="stopped",
        ),
    ],
)
def test_load_record_dumped_record_returns_equal_record(of):
    record = rehearsal_record(rehearsal=of)
    assert REHEARSAL_FILE.load(REHEARSAL_FILE.dump(record)) == record


RECORD = rehearsal_record()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "truncated", id="empty"),
        pytest.param(REHEARSAL_FILE.dump(RECORD)[:-9], "truncated", id="cut"),
        pytest.param(dump(SNAPSHOT), "not a rehearsal", id="a snapshot"),
        pytest.param(gzip.compress(b"{}"), "not a rehearsal", id="other JSON"),
        pytest.param(
            REHEARSAL_FILE.format.write({"instance": "a"}),
            "does not match the schema",
            id="missing fields",
        ),
        pytest.param(
            REHEARSAL_FILE.dump(rehearsal_record(created="2099-01-01T00:00:00+00:00")),
            "from the future",
            id="from the future",
        ),
    ],
)
def test_load_record_invalid_file_is_refused_with_reason(data, says):
    with pytest.raises(SealedFileError, match=says):
        REHEARSAL_FILE.load(data)
