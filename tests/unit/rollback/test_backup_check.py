"""What a dump says of itself, and whether that is the backup."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import TableFingerprints, Unavailable
from nautobot_upgrade_jobs.facts.backup_file import Backup, BackupFormat, Preamble
from nautobot_upgrade_jobs.facts.fingerprints import TableFingerprint
from nautobot_upgrade_jobs.rollback.backup_check import (
    count_dump_rows,
    parse_pg_restore_list,
    parse_sql_dump,
    verify_backup,
)

LISTING = """\
;
; Archive created at 2026-11-22 08:40:00 UTC
;     dbname: nautobot
;     TOC Entries: 4
;     Format: CUSTOM
;
; Selected TOC Entries:
;
215; 1259 16387 TABLE public dcim_cable nautobot
3871; 0 16387 TABLE DATA public dcim_cable nautobot
3872; 0 16390 TABLE DATA public dcim_device nautobot
3700; 2606 16400 CONSTRAINT public dcim_cable dcim_cable_pkey nautobot
"""
DATA = """\
SET client_encoding = 'UTF8';
COPY public.dcim_cable (id, label) FROM stdin;
1\tone
2\tCOPY public.oops (id) FROM stdin;
\\.


COPY public.dcim_device (id) FROM stdin;
\\.

COPY public."Odd name" (id) FROM stdin;
7
\\.
"""
STATEMENTS = """\
-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: nautobot
CREATE TABLE `dcim_cable` (
-- Dumping data for table `dcim_cable`
INSERT INTO `dcim_cable` VALUES (1),(2);
CREATE TABLE `dcim_device` (
-- Dumping data for table `dcim_device`
-- Dump completed on 2026-11-22  8:40:00
"""
BACKUP = Backup("b.dump", "2026-11-22 08:40:00 UTC", "nautobot", ("a", "b"), True, {"a": 3, "b": 0})
LATER = "2026-11-22T09:00:00+00:00"


def state(**rows):
    tables = {name: TableFingerprint(number, ("id",), None, ()) for name, number in rows.items()}
    return TableFingerprints("a", "postgresql 18", "C", "keys", tables)


def test_parse_pg_restore_list_returns_the_backup():
    found = parse_pg_restore_list("b.dump", LISTING, {})
    assert (found.created, found.database) == ("2026-11-22 08:40:00 UTC", "nautobot")
    assert (found.tables, found.complete) == (("dcim_cable", "dcim_device"), True)


def test_parse_pg_restore_list_other_text_is_incomplete():
    assert not parse_pg_restore_list("b.dump", "", {}).complete


def test_count_dump_rows_counts_values_that_look_like_commands():
    found = count_dump_rows(DATA.splitlines(keepends=True))
    assert found == {"dcim_cable": 2, "dcim_device": 0, "Odd name": 1}


def test_parse_sql_dump_of_mysql_returns_the_backup():
    found = parse_sql_dump("b.mysql", STATEMENTS.splitlines(keepends=True), BackupFormat.SQL)
    assert (found.created, found.database) == ("2026-11-22  8:40:00", "nautobot")
    assert (found.tables, found.complete) == (("dcim_cable", "dcim_device"), True)
    assert isinstance(found.rows, Unavailable)


PLAIN = [
    "--\n",
    "-- PostgreSQL database dump\n",
    "--\n",
    "-- Started on 2026-11-22 08:40:00 UTC\n",
    *DATA.splitlines(keepends=True),
    "COPY public.django_migrations (id) FROM stdin;\n",
    "1\n",
    "-- PostgreSQL database dump complete\n",
    "\\.\n",
    "COPY zz_old.dcim_cable (id) FROM stdin;\n",
    "\\.\n",
    "-- PostgreSQL database dump complete\n",
    "\\unrestrict token\n",
]


def test_parse_sql_dump_of_postgresql_counts_rows():
    found = parse_sql_dump("b.sql.gz", PLAIN, BackupFormat.COMPRESSED_SQL)
    assert (found.created, found.complete) == ("2026-11-22 08:40:00 UTC", True)
    rows = {"dcim_cable": 2, "dcim_device": 0, "Odd name": 1, "django_migrations": 2}
    assert (found.rows, found.tables) == (rows, tuple(sorted(rows)))
    assert found.format is BackupFormat.COMPRESSED_SQL


def test_parse_sql_dump_of_postgresql_truncated_is_incomplete():
    assert not parse_sql_dump("b.sql", PLAIN[:-2], BackupFormat.SQL).complete


def test_parse_sql_dump_with_inserts_counts_no_rows():
    inserts = [
        f"INSERT INTO public.{name} VALUES (1);\n" for name in ("dcim_cable", "django_migrations")
    ]
    found = parse_sql_dump("b.sql", [*PLAIN[:4], *inserts, *PLAIN[-2:]], BackupFormat.SQL)
    assert isinstance(found.rows, Unavailable)
    assert found.tables == ("dcim_cable", "django_migrations")


def test_parse_sql_dump_that_ends_inside_a_second_dump_is_incomplete():
    assert not parse_sql_dump("b.sql", [*PLAIN, *PLAIN[:6]], BackupFormat.SQL).complete


def test_parse_sql_dump_of_a_whole_server_is_refused():
    with pytest.raises(ValueError, match="all databases"):
        parse_sql_dump("b.sql", ["--\n", "-- PostgreSQL database cluster dump\n"], BackupFormat.SQL)


def test_parse_sql_dump_of_mysql_without_rows_has_no_tables():
    lines = [
        line for line in STATEMENTS.splitlines() if "Dumping" not in line and "INSERT" not in line
    ]
    assert parse_sql_dump("b.mysql", lines, BackupFormat.SQL).tables == ()


def test_parse_sql_dump_of_mysql_without_comments_is_complete():
    lines = [line for line in STATEMENTS.splitlines() if not line.startswith("--")]
    end = "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;"
    found = parse_sql_dump("b.mysql", [*lines, end], BackupFormat.SQL)
    assert (found.complete, found.created, found.tables) == (True, "", ("dcim_cable",))
    assert not parse_sql_dump("b.mysql", lines, BackupFormat.SQL).complete


@pytest.mark.parametrize(
    ("statements", "preamble", "database"),
    [
        pytest.param((), Preamble.NONE, "", id="neither"),
        pytest.param(
            ("CREATE DATABASE nautobot;", "\\connect nautobot"),
            Preamble.CONNECT,
            "nautobot",
            id="create",
        ),
        pytest.param(
            ("DROP DATABASE nautobot;", "\\connect -reuse-previous=on \"dbname='x'\""),
            Preamble.CONNECT,
            "dbname='x'",
            id="clean and create",
        ),
        pytest.param(("DROP TABLE public.dcim_cable;",), Preamble.DROPS, "", id="clean"),
        pytest.param(
            ("ALTER TABLE ONLY public.dcim_cable DROP CONSTRAINT c;", "DROP SCHEMA public;"),
            Preamble.DROPS,
            "",
            id="clean, with the schema",
        ),
        pytest.param(("DROP SCHEMA public;",), Preamble.NONE, "", id="a schema that exists"),
        pytest.param(
            (
                "ALTER TABLE IF EXISTS ONLY public.dcim_cable DROP CONSTRAINT IF EXISTS c;",
                "DROP TABLE IF EXISTS public.dcim_cable;",
            ),
            Preamble.NONE,
            "",
            id="clean, if the objects exist",
        ),
    ],
)
def test_parse_sql_dump_of_postgresql_reads_the_preamble(statements, preamble, database):
    definition = "CREATE TABLE public.dcim_cable (id uuid);\n"
    later = ("DROP TABLE public.later;\n", "\\connect later\n")
    lines = [*PLAIN[:4], *(f"{one}\n" for one in statements), definition, *later, *PLAIN[4:]]
    found = parse_sql_dump("b.sql", lines, BackupFormat.SQL)
    assert (found.preamble, found.database) == (preamble, database)
    assert found.complete
    assert found.rows["dcim_cable"] == 2


@pytest.mark.parametrize("lines", [[], ["hello\n"], STATEMENTS.splitlines(keepends=True)[:-1]])
def test_parse_sql_dump_truncated_is_incomplete(lines):
    assert not parse_sql_dump("b.mysql", lines, BackupFormat.SQL).complete


@pytest.mark.parametrize(
    ("changes", "then", "began", "objections", "questions"),
    [
        ({}, state(a=3, b=0), LATER, 0, 0),
        ({}, state(a=2, b=0), LATER, 0, 0),  # something was added before the dump
        ({}, state(a=3), LATER, 0, 0),
        ({}, state(a=4, b=0), LATER, 1, 0),
        ({}, state(a=3, b=0, c=1), LATER, 1, 0),
        ({}, state(a=3, b=0, c=0), LATER, 0, 0),  # INSERT statements leave no trace of c
        ({"complete": False}, state(a=3, b=0), LATER, 1, 0),
        ({"created": "2026-11-22 09:30:00 UTC"}, state(a=3, b=0), LATER, 1, 0),
        ({"created": "2026-11-22 09:30:00 CET"}, state(a=3, b=0), LATER, 0, 1),
        ({"created": "2026-11-24 09:30:00 CET"}, state(a=3, b=0), LATER, 1, 0),
        ({"created": ""}, state(a=3, b=0), LATER, 0, 1),
        ({}, state(a=3, b=0), "", 0, 0),
        ({"rows": Unavailable("too long")}, state(a=3, b=0), LATER, 0, 1),
        ({}, Unavailable("no snapshot"), LATER, 0, 1),
    ],
)
def test_verify_backup_sorts_statements(changes, then, began, objections, questions):
    found = verify_backup(replace(BACKUP, **changes), then, began)
    assert (len(found.contradictions), len(found.unverified)) == (objections, questions)
    assert found.evidence or objections


def test_verify_backup_volatile_tables_are_ignored():
    assert not verify_backup(BACKUP, state(a=9, b=0), LATER, volatile=("a",)).contradictions
