"""Which statements of MySQL may run, and which begin or end a transaction."""

import pytest

from nautobot_upgrade_jobs.target.isolation.mysql.statements import (
    Statement,
    classify,
    is_administrative,
)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("BEGIN", Statement.BEGIN),
        ("begin work", Statement.BEGIN),
        ("START TRANSACTION READ WRITE", Statement.BEGIN),
        ("COMMIT", Statement.END),
        ("commit work and chain;", Statement.END),
        ("/* a */ -- b\n # c\nCOMMIT", Statement.END),
        ("/**/ROLLBACK", Statement.END),
        ("SET autocommit=0", Statement.AUTOCOMMIT_OFF),
        ("set @@session.autocommit = ON", Statement.AUTOCOMMIT_ON),
        ("ROLLBACK TO SAVEPOINT a", Statement.READ),
        ("ROLLBACK WORK TO a", Statement.READ),
        ("SAVEPOINT a", Statement.READ),
        ("RELEASE SAVEPOINT a", Statement.READ),
        ("SELECT 1", Statement.READ),
        ("((SELECT 1) UNION (SELECT 2))", Statement.READ),
        ("WITH a AS (SELECT 1) SELECT * FROM a", Statement.READ),
        ("SHOW TABLES", Statement.READ),
        ("SELECT 'COMMIT; DELETE'", Statement.READ),
        ("SET NAMES utf8mb4", Statement.READ),
        ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", Statement.READ),
        ("SET sql_mode = 'ANSI'", Statement.READ),
        ("SET autocommit = 1;", Statement.AUTOCOMMIT_ON),
        ("( " * 1_000_000 + "SELECT 1", Statement.READ),
        ("/**/" * 1_000_000 + "SELECT 1", Statement.REFUSED),
        ("SET autocommit=1" + " " * 1_000_000 + "x", Statement.REFUSED),
        ("SET autocömmit=1", Statement.REFUSED),
        ("SET SESSION TRANSACTION READ WRITE", Statement.REFUSED),
        ("SET information_schema_stats_expiry = 1", Statement.REFUSED),
        ("", Statement.REFUSED),
        ("BEGIN NOT ATOMIC DELETE FROM t; END", Statement.REFUSED),
        ("COMMIT; DELETE FROM t", Statement.REFUSED),
        ("BEGIN; COMMIT", Statement.REFUSED),
        ("/*! COMMIT */", Statement.REFUSED),
        ("/*M! COMMIT */", Statement.REFUSED),
        ("SELECT 1 /*!80000 INTO OUTFILE 'x' */", Statement.REFUSED),
        ("SELECT 1 INTO/**/OUTFILE 'x'", Statement.REFUSED),
        ("TABLE t INTO dumpfile 'x'", Statement.REFUSED),
        ("SET GLOBAL read_only = 0", Statement.REFUSED),
        ("SET sql_mode = '', @@global.read_only = 0", Statement.REFUSED),
        ("SET @@`persist`.x = 1", Statement.REFUSED),
        ("SET PASSWORD = 'x'", Statement.REFUSED),
        ("SET sql_mode = '', autocommit = 1", Statement.REFUSED),
        ("SET ROLE admin", Statement.REFUSED),
        ("KILL 1", Statement.REFUSED),
        ("CALL p()", Statement.REFUSED),
        ("PREPARE s FROM 'COMMIT'", Statement.REFUSED),
        ("EXECUTE s", Statement.REFUSED),
        ("LOCK TABLES t WRITE", Statement.REFUSED),
        ("XA START 'x'", Statement.REFUSED),
        ("UPDATE t SET a = 1", Statement.REFUSED),
        ("CREATE TEMPORARY TABLE t (a int)", Statement.REFUSED),
        ("FLUSH TABLES", Statement.REFUSED),
    ],
    ids=lambda value: str(value)[:60],
)
def test_classify_finds_the_kind(sql, expected):
    assert classify(sql.encode()) is expected


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ("GRANT USAGE ON *.* TO `nautobot`@`%`", False),
        ("GRANT ALL PRIVILEGES ON `nautobot`.* TO `nautobot`@`%`", False),
        ("GRANT SELECT, PROCESS ON *.* TO `reader`@`%`", False),
        ("GRANT `role`@`%` TO `nautobot`@`%`", False),
        ("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION", True),
        ("GRANT SELECT, FILE ON *.* TO `a`@`%`", True),
        ("GRANT REPLICATION_SLAVE_ADMIN ON *.* TO `a`@`%`", True),
    ],
)
def test_is_administrative_finds_global_privileges(grant, expected):
    assert is_administrative(grant) is expected
