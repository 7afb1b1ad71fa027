"""A failed start is described with its stage, error and stack, and without secrets."""

import pytest
from packaging.version import InvalidVersion, Version

from nautobot_upgrade_jobs.probes import startup


def fail(error):
    def stage():
        raise error

    return stage


def run_stages(monkeypatch, **stages):
    monkeypatch.setattr(startup, "STAGES", stages)
    return startup.run()


def test_run_all_stages_complete_reports_no_failure(monkeypatch):
    result = run_stages(
        monkeypatch, first=lambda: None, second=lambda: {"findings": ["a"], "unapplied": ["b.0001"]}
    )
    assert result == {
        "passed": ["first", "second"],
        "findings": ["a"],
        "unapplied": ["b.0001"],
        "failure": None,
    }


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(3), KeyboardInterrupt()])
def test_run_failing_stage_skips_the_later_stages(monkeypatch, error):
    result = run_stages(monkeypatch, first=lambda: None, second=fail(error), third=pytest.fail)
    assert result["passed"] == ["first"]
    assert result["failure"]["stage"] == "second"
    assert result["failure"]["error"] == type(error).__name__


def test_describe_failure_returns_one_line_and_the_innermost_frames():
    def recurse(depth):
        if not depth:
            raise ValueError("first line\n  second line")
        recurse(depth - 1)

    with pytest.raises(ValueError, match="first") as caught:
        recurse(startup.MAX_FRAMES)
    failure = startup.describe_failure("apps", caught.value)
    assert failure["message"] == "first line second line"
    assert len(failure["frames"]) == startup.MAX_FRAMES
    assert failure["frames"][-1][0] == __file__
    assert failure["frames"][-1][2] == "recurse"


def test_describe_failure_names_the_distributions_of_the_code_and_of_the_message():
    with pytest.raises(InvalidVersion) as caught:
        Version("no version")
    frames = startup.describe_failure("apps", caught.value)["frames"]
    assert [frame[3:] for frame in frames] == [("tests", ""), ("packaging", "packaging")]
    message = ValueError("App packaging requires nothing, no_such_module too")
    assert startup.describe_failure("apps", message)["distributions"] == {"packaging": "packaging"}


def test_describe_failure_of_syntax_error_names_the_place_without_the_source():
    with pytest.raises(SyntaxError) as caught:
        compile("SECRET = 'hunter2\n", "nautobot_config.py", "exec")
    failure = startup.describe_failure("configuration", caught.value)
    assert failure["frames"][-1][:2] == ("nautobot_config.py", 1)
    assert "hunter2" not in failure["message"]
