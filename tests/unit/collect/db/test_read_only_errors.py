"""A refused write is recognized by its code, whatever its words."""

import pytest

from nautobot_upgrade_jobs.collect.db.read_only_errors import is_read_only_error


def with_code(name, code):
    error = Exception("some words")
    setattr(error, name, code)
    return error


def caused_by(cause):
    error = RuntimeError("the panel failed")
    error.__cause__ = cause
    return error


def during(context):
    error = RuntimeError("the panel failed")
    error.__context__ = context
    return error


def looped():
    first, second = RuntimeError("first"), RuntimeError("second")
    first.__context__, second.__context__ = second, first
    return first


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(with_code("sqlstate", "25006"), id="psycopg"),
        pytest.param(with_code("pgcode", "25006"), id="psycopg2"),
        pytest.param(Exception(1792, "some words"), id="MySQL"),
        pytest.param(caused_by(with_code("pgcode", "25006")), id="cause"),
        pytest.param(during(caused_by(Exception(1792, "x"))), id="cause of the context"),
    ],
)
def test_is_read_only_error_with_code_of_refused_write_is_true(error):
    assert is_read_only_error(error)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(None, id="no error"),
        pytest.param(Exception(), id="no arguments"),
        pytest.param(Exception("cannot execute in a read-only transaction"), id="words only"),
        pytest.param(with_code("pgcode", "42703"), id="other state"),
        pytest.param(Exception(1054, "Unknown column"), id="other number"),
        pytest.param(looped(), id="loop"),
    ],
)
def test_is_read_only_error_without_that_code_is_false(error):
    assert not is_read_only_error(error)
