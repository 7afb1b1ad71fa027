"""Foreign code can write any result of a start."""

import json
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.facts.startup import Failure, Frame
from nautobot_upgrade_jobs.target.boot_result import BootFailed, parse_result

FRAME = ["/env/lib/app.py", 3, "ready", "app", "nautobot-app"]
FAILURE = {
    "stage": "apps",
    "error": "ValueError",
    "message": "no",
    "frames": [FRAME],
    "distributions": {"app": "nautobot-app"},
    "app": "app",
}


def parse(**changes):
    result = {"failure": FAILURE | changes, "culprit": "app", "facts": {}}
    return parse_result(json.dumps(result).encode(), Path("/env"))


def test_failure_has_files_relative_to_the_environment():
    assert parse().failure == Failure(
        "apps",
        "ValueError",
        "no",
        (Frame("lib/app.py", 3, "ready", "app", "nautobot-app"),),
        {"app": "nautobot-app"},
        "app",
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        pytest.param({"message": "a\udcff"}, "message", "a\\udcff", id="bytes that are no text"),
        pytest.param({"message": "m" * 10**6}, "message", "m" * 10_000, id="long message"),
        pytest.param({"app": ["x"]}, "app", "['x']", id="list instead of a text"),
        pytest.param(
            {"distributions": {"a": "git+https://evil.example/x"}},
            "distributions",
            {"a": ""},
            id="distribution that is a URL",
        ),
        pytest.param(
            {"frames": [[*FRAME[:4], "--index-url=x"]]},
            "frames",
            (Frame("lib/app.py", 3, "ready", "app", ""),),
            id="distribution that is an option",
        ),
    ],
)
def test_failure_of_hostile_code_is_harmless_text(changes, field, expected):
    assert getattr(parse(**changes).failure, field) == expected


def test_failure_keeps_the_innermost_frames():
    frames = parse(frames=[[*FRAME[:1], line, *FRAME[2:]] for line in range(1000)]).failure.frames
    assert (len(frames), frames[-1].line) == (100, 999)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" + b"[]," * 10**6 + b"[]]", id="many values"),
        pytest.param(b'{"failure": {"stage": "apps"}}', id="field is missing"),
        pytest.param(
            json.dumps({"failure": None, "culprit": "", "facts": {"x" * 10**6: 1}}).encode(),
            id="long key",
        ),
        pytest.param(
            b'{"failure": null, "culprit": "", "facts": {"\\ud800": 1}}', id="key is no text"
        ),
    ],
)
def test_result_of_another_form_is_refused_in_one_short_line(data):
    with pytest.raises(BootFailed) as refused:
        parse_result(data, Path("/env"))
    assert len(str(refused.value)) < 300
    assert str(refused.value).encode()
