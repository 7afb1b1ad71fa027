"""Whether the index has a release of Nautobot."""

import pytest

from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.release_existence import is_missing_on_index
from tests.support.wheels import wheel


@pytest.mark.parametrize(
    ("version", "missing"), [("3.2.7", False), ("3.2.99", True), ("9.9.9", True)]
)
def test_version_of_an_index_with_nautobot(tmp_path, version, missing):
    wheel(tmp_path, "nautobot", "3.2.7")
    assert is_missing_on_index(version, Deadline(30), str(tmp_path)) is missing


def test_version_of_the_configured_index(tmp_path, public):
    wheel(tmp_path, "nautobot", "3.2.7")
    public(tmp_path)
    assert not is_missing_on_index("3.2.7", Deadline(30))
    assert is_missing_on_index("3.2.99", Deadline(30))


def test_index_without_nautobot_is_another_problem(tmp_path):
    wheel(tmp_path, "other", "1.0")
    assert not is_missing_on_index("3.2.7", Deadline(30), str(tmp_path))


def test_release_that_needs_another_python_exists(tmp_path):
    wheel(tmp_path, "nautobot", "3.2.8", python=">=3.99")
    assert not is_missing_on_index("3.2.8", Deadline(30), str(tmp_path))


def test_index_that_does_not_answer_is_another_problem(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert not is_missing_on_index("9.9.9", Deadline(30))
