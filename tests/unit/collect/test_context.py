"""Exceptions of foreign code become unavailable facts; a soft time limit always passes."""

import importlib
import sys
from types import ModuleType

import pytest

from nautobot_upgrade_jobs.facts import Unavailable

PACKAGE = "nautobot_upgrade_jobs.collect"
CONTEXT = f"{PACKAGE}.context"


class SoftTimeLimitExceeded(Exception):
    """Stands for Celery's exception, which is an ordinary ``Exception``."""


class DatabaseError(Exception):
    """Stands for the base class of Django's database errors."""


STUBS = {
    "celery": {},
    "celery.exceptions": {"SoftTimeLimitExceeded": SoftTimeLimitExceeded},
    "django": {},
    "django.db": {"Error": DatabaseError},
    f"{PACKAGE}.support.redaction": {"redact_text": lambda text: text.replace("hunter2", "***")},
}


@pytest.fixture(scope="module")
def context():
    """Import the module with stubs, so that neither Django nor Celery is needed."""
    imported = sys.modules.pop(CONTEXT, None)
    with pytest.MonkeyPatch.context() as patch:
        for name, attributes in STUBS.items():
            module = ModuleType(name)
            vars(module).update(attributes)
            patch.setitem(sys.modules, name, module)
        yield importlib.import_module(CONTEXT)
    del sys.modules[CONTEXT]
    if imported:
        sys.modules[CONTEXT] = imported


def fail(error):
    def function():
        raise error

    return function


@pytest.mark.parametrize("value", ["text", 0, None, ()])
def test_attempt_successful_function_returns_its_result(context, value):
    assert context.attempt(lambda: value) == value


@pytest.mark.parametrize(
    ("error", "expected", "reason"),
    [
        pytest.param(
            DatabaseError("no column"), DatabaseError, "DatabaseError: no column", id="database"
        ),
        pytest.param(ValueError(" a\n b "), Exception, "ValueError: a b", id="one line"),
        pytest.param(ValueError(), Exception, "ValueError", id="no text"),
        pytest.param(
            ValueError("password hunter2"), Exception, "ValueError: password ***", id="secret"
        ),
        pytest.param(SystemExit(3), (Exception, SystemExit), "SystemExit: 3", id="exit"),
        pytest.param(StopIteration("x"), Exception, "StopIteration: x", id="stop iteration"),
    ],
)
def test_attempt_expected_error_returns_reason(context, error, expected, reason):
    assert context.attempt(fail(error), expected=expected) == Unavailable(reason)


def test_attempt_expects_database_errors_by_default(context):
    assert context.attempt(fail(DatabaseError())) == Unavailable("DatabaseError")
    with pytest.raises(ValueError, match="defect"):
        context.attempt(fail(ValueError("defect")))


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_attempt_error_that_is_not_expected_passes(context, error):
    with pytest.raises(type(error)):
        context.attempt(fail(error), expected=Exception)


def test_attempt_soft_time_limit_passes(context):
    with pytest.raises(SoftTimeLimitExceeded):
        context.attempt(fail(SoftTimeLimitExceeded()), expected=Exception)


def test_guard_failing_block_keeps_the_failure_and_earlier_work(context):
    done = []
    with context.guard() as outcome:
        done.append(1)
        raise ValueError("broken")
    assert done == [1]
    assert outcome.failure == Unavailable("ValueError: broken")


def test_guard_completed_block_has_no_failure(context):
    with context.guard() as outcome:
        pass
    assert outcome.failure is None


def test_guard_soft_time_limit_passes(context):
    with pytest.raises(SoftTimeLimitExceeded), context.guard():
        raise SoftTimeLimitExceeded
