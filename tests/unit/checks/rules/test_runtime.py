"""Rules about the Python interpreter."""

import pytest

from tests.support.builders import facts, runtime, target


@pytest.mark.parametrize(
    ("python", "release", "expected"),
    [
        pytest.param("3.10.0", "3.2.7", [], id="lower bound of 3.2.7"),
        pytest.param("3.14.1", "3.2.7", [], id="upper bound of 3.2.7"),
        pytest.param("3.12.1", "2.4.44", [], id="upper bound of 2.4.44"),
        pytest.param("3.13.0", "3.0.11", [], id="upper bound of 3.0.11"),
        pytest.param("3.9.18", "3.2.7", [("blocker", "python")], id="too old for 3.2.7"),
        pytest.param("3.14.0", "3.0.11", [("blocker", "python")], id="too new for 3.0.11"),
        pytest.param("3.13.0", "2.4.44", [("blocker", "python")], id="too new for 2.4.44"),
        pytest.param("3.15.0", "3.2.7", [("blocker", "python")], id="too new for 3.2.7"),
    ],
)
def test_unsupported_python_outside_the_bounds_blocks(findings_of, python, release, expected):
    state = facts(runtime=runtime(python=python))
    assert findings_of("runtime.unsupported_python", state, target(release, "2.4.43")) == expected
