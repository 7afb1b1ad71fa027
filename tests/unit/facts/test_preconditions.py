"""Locks of statements, and the texts of costs and locks."""

import pytest

from nautobot_upgrade_jobs.facts.preconditions import (
    COST_TEXTS,
    STATEMENT_LOCKS,
    CostKind,
    Lock,
    Statement,
    statement_lock,
)


@pytest.mark.parametrize(
    ("statement", "lock"),
    [
        pytest.param(Statement.ADD_COLUMN, Lock.READS_AND_WRITES, id="AddField"),
        pytest.param(Statement.DROP_COLUMN, Lock.READS_AND_WRITES, id="RemoveField"),
        pytest.param(Statement.ALTER_TYPE, Lock.READS_AND_WRITES, id="AlterField: type"),
        pytest.param(Statement.ALTER_NULLABILITY, Lock.READS_AND_WRITES, id="AlterField: null"),
        pytest.param(Statement.ADD_CHECK, Lock.READS_AND_WRITES, id="AddConstraint: check"),
        pytest.param(Statement.ADD_UNIQUE, Lock.READS_AND_WRITES, id="AddConstraint: unique"),
        pytest.param(Statement.ADD_FOREIGN_KEY, Lock.WRITES, id="AlterField: foreign key"),
        pytest.param(Statement.CREATE_INDEX, Lock.WRITES, id="AddIndex"),
    ],
)
def test_statement_lock_on_postgresql_is_that_of_the_manual(statement, lock):
    assert statement_lock("postgresql", statement) is lock


@pytest.mark.parametrize(
    ("statement", "lock"),
    [
        pytest.param(Statement.ALTER_TYPE, Lock.WRITES, id="copies the table for a new type"),
        pytest.param(Statement.ADD_FOREIGN_KEY, Lock.WRITES, id="copies the table for a key"),
        pytest.param(Statement.ALTER_NULLABILITY, Lock.UNKNOWN, id="may run without a lock"),
        pytest.param(Statement.CREATE_INDEX, Lock.UNKNOWN, id="index may run without a lock"),
        pytest.param(Statement.DROP_COLUMN, Lock.UNKNOWN, id="column may run without a lock"),
    ],
)
def test_statement_lock_on_mysql_is_unknown_unless_the_table_is_copied(statement, lock):
    assert statement_lock("mysql", statement) is lock


def test_statement_lock_on_an_unknown_server_is_unknown():
    assert {statement_lock("oracle", statement) for statement in Statement} == {Lock.UNKNOWN}


def test_statement_locks_on_postgresql_cover_every_statement():
    assert set(STATEMENT_LOCKS["postgresql"]) == set(Statement)


def test_cost_texts_cover_every_pair_once():
    texts = [COST_TEXTS[kind][lock] for kind in CostKind for lock in Lock]
    assert len(set(texts)) == len(CostKind) * len(Lock)


@pytest.mark.parametrize("kind", CostKind)
def test_cost_texts_name_every_session_that_waits(kind):
    assert COST_TEXTS[kind][Lock.READS_AND_WRITES].endswith("reads and writes wait")
    assert COST_TEXTS[kind][Lock.WRITES].endswith("while writes wait")
    assert COST_TEXTS[kind][Lock.UNKNOWN].endswith("reads and writes may wait")
