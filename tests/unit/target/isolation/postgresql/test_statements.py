"""Which statements begin or end a transaction."""

import pytest

from nautobot_upgrade_jobs.target.isolation.postgresql.statements import (
    classify,
    isolation_level,
)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("BEGIN", "begin"),
        ("start transaction isolation level serializable", "begin"),
        ("COMMIT", "commit"),
        ("END", "commit"),
        ("commit work and chain;", "commit"),
        (" \n\t;-- c\n/* a /* nested */ b */COMMIT", "commit"),
        ("/**/commit/**/work", "commit"),
        ("ROLLBACK", "rollback"),
        ("ABORT TRANSACTION", "rollback"),
        ("PREPARE TRANSACTION 'x'", "refused"),
        ("prepare /* */ transaction 'x'", "refused"),
        ("COMMIT; DELETE FROM t", "refused"),
        ("BEGIN; COMMIT", "refused"),
        ("ROLLBACK TO SAVEPOINT a", ""),
        ("ROLLBACK WORK TO a", ""),
        ("COMMIT PREPARED 'x'", ""),
        ("ROLLBACK PREPARED 'x'", ""),
        ("SAVEPOINT a", ""),
        ("RELEASE a", ""),
        ("PREPARE q AS SELECT 1", ""),
        ("SELECT 'COMMIT'", ""),
        ("/* COMMIT", ""),
        ("COMMITTED", ""),
        ("", ""),
        ("'", ""),
    ],
)
def test_classify_finds_the_ends_of_transactions(sql, expected):
    assert classify(sql.encode()) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (b"BEGIN ISOLATION LEVEL REPEATABLE READ", b"REPEATABLE READ"),
        (b"begin isolation level serializable, read write", b"serializable"),
        (b"BEGIN", b""),
    ],
)
def test_isolation_level_is_kept(sql, expected):
    assert isolation_level(sql) == expected
