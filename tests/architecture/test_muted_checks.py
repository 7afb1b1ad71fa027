"""A check that reports nothing must fail the tests of its topic."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.checks.registry import all_checks

ROOT = Path(__file__).parents[2]
MUTED = "MUTED_CHECK"


def pytest_configure():
    """Mute one check. This file is also the pytest plugin of the run that it starts."""
    muted = next((check for check in all_checks() if check.id == os.environ.get(MUTED)), None)
    if muted:
        original = muted.function
        report_nothing = functools.wraps(original)(lambda *args, **kwargs: iter(()))
        object.__setattr__(muted, "function", report_nothing)  # the class is frozen


@pytest.mark.slow
@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_a_muted_check_fails_the_tests_of_its_topic(check):
    plugins = ("-p", "no:cacheprovider", "-p", Path(__file__).stem)
    tests = f"tests/unit/checks/rules/test_{check.topic}.py"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *plugins, tests],
        cwd=ROOT,
        env={**os.environ, MUTED: check.id, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert "FAILED " in run.stdout
