"""A check that reports nothing must fail the tests of its topic."""

import contextlib
import functools
import multiprocessing
import os
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.checks.registry import all_checks

ROOT = Path(__file__).parents[2]
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(ROOT))


def run_muted(check, output):
    """In a process of its own: mute one check, run the tests of its topic, exit as pytest does."""
    report_nothing = functools.wraps(check.function)(lambda *args, **kwargs: iter(()))
    object.__setattr__(check, "function", report_nothing)  # the class is frozen
    os.chdir(ROOT)
    with output.open("w") as stream, contextlib.redirect_stdout(stream):
        code = pytest.main([*OPTIONS, f"tests/unit/checks/rules/test_{check.topic}.py"])
    os._exit(code)


@pytest.mark.slow
@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_a_muted_check_fails_the_tests_of_its_topic(check, tmp_path):
    # A copy of this process has imported all that the tests need: it saves seconds per check.
    output = tmp_path / "output"
    run = multiprocessing.get_context("fork").Process(target=run_muted, args=(check, output))
    run.start()
    run.join()
    printed = output.read_text()
    assert run.exitcode == pytest.ExitCode.TESTS_FAILED, printed
    assert "FAILED " in printed
