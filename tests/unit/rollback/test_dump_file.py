"""What a dump says about its contents."""

from datetime import datetime, timezone

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.backup_file import BackupFormat, Preamble
from nautobot_upgrade_jobs.rollback.dump_file import (
    ArchiveRows,
    parse_archive,
    parse_sql_dump,
    read_archive_rows,
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
3700; 2606 16400 CONSTRAINT public dcim_cable cable_key nautobot
3701; 2606 16401 FK CONSTRAINT public dcim_device dcim_device_fk nautobot
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


def test_parse_archive_returns_the_backup():
    found = parse_archive("b.dump", LISTING, ArchiveRows({}))
    assert (found.created, found.database) == ("2026-11-22 08:40:00 UTC", "nautobot")
    assert (found.tables, found.complete) == (("dcim_cable", "dcim_device"), True)


def test_parse_archive_other_text_is_incomplete():
    assert not parse_archive("b.dump", "", ArchiveRows({})).complete


def test_read_archive_rows_counts_values_that_look_like_commands():
    rows = read_archive_rows(DATA.splitlines(keepends=True))
    assert rows.counts == {"dcim_cable": 2, "dcim_device": 0, "Odd name": 1}
    assert rows.migrations == ()


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


def test_parse_sql_dump_of_an_old_client_has_names_without_a_schema():
    """Clients before 10.3 set the search path instead, and 17.6 adds a guard."""
    old = [line.replace("public.", "") for line in DATA.splitlines(keepends=True)]
    head = ["-- PostgreSQL database dump\n", "SET search_path = public, pg_catalog;\n"]
    end = ["COPY django_migrations (id, app, name) FROM stdin;\n", "1\tdcim\t0001\n", "\\.\n"]
    lines = [*head, *old, *end, "-- PostgreSQL database dump complete\n"]
    found = parse_sql_dump("b.sql", lines, BackupFormat.SQL)
    assert found.rows == {"dcim_cable": 2, "dcim_device": 0, "Odd name": 1, "django_migrations": 1}
    assert (found.complete, found.migrations) == (True, ("dcim.0001",))


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
        pytest.param(("CREATE SCHEMA public;",), Preamble.SCHEMA, "", id="schema"),
        pytest.param(
            ("DROP SCHEMA IF EXISTS public;", "CREATE SCHEMA public;"),
            Preamble.NONE,
            "",
            id="a schema that is dropped first",
        ),
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


def test_parse_archive_definitions_and_keys_are_of_tables():
    found = parse_archive("b.dump", LISTING, ArchiveRows({}, ("dcim.0001_initial",)))
    assert (found.definitions, found.keys) == (("dcim_cable",), ("dcim_cable",))
    assert found.migrations == ("dcim.0001_initial",)
    assert found.preamble is Preamble.NONE
    with_schema = f"{LISTING}5; 2615 2200 SCHEMA - public pg_database_owner\n"
    assert parse_archive("b.dump", with_schema, ArchiveRows({})).preamble is Preamble.SCHEMA


ROWS = [
    "COPY public.django_migrations (id, app, name, applied) FROM stdin;\n",
    "1\tdcim\t0001_initial\t2026-01-01\n",
    "2\tdcim\t0002_more\t2026-01-01\n",
    "\\.\n",
]
INSERTS = [
    "INSERT INTO public.django_migrations VALUES\n",
    "\t(1, 'dcim', '0001_initial', '2026-01-01'),\n",
    "\t(2, 'dcim', '0002_more', '2026-01-01');\n",
    "INSERT INTO public.other VALUES (3, 'dcim', '0003_other', '2026-01-01');\n",
]
RECORDED = ("dcim.0001_initial", "dcim.0002_more")
KEY = (
    "ALTER TABLE ONLY public.django_migrations\n",
    "    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);\n",
    "ALTER TABLE ONLY public.dcim_cable\n",
    "    ADD CONSTRAINT dcim_cable_name UNIQUE (name);\n",
)


@pytest.mark.parametrize("rows", [ROWS, INSERTS])
def test_parse_sql_dump_of_postgresql_reads_migrations_definitions_and_keys(rows):
    definition = "CREATE TABLE public.django_migrations (\n"
    lines = [*PLAIN[:3], definition, *rows, *KEY, "-- PostgreSQL database dump complete\n"]
    found = parse_sql_dump("b.sql", lines, BackupFormat.SQL)
    assert found.complete
    assert found.migrations == RECORDED
    assert (found.definitions, found.keys) == (("django_migrations",), ("django_migrations",))


def test_read_archive_rows_with_inserts_are_not_counted():
    rows = read_archive_rows(INSERTS)
    assert isinstance(rows.counts, Unavailable)
    assert rows.migrations == RECORDED


MYSQL_ROWS = [
    "-- MySQL dump 10.13\n",
    "CREATE TABLE `django_migrations` (\n",
    "  `id` int NOT NULL,\n",
    "  PRIMARY KEY (`id`)\n",
    "INSERT INTO `django_migrations` VALUES (1,'dcim','0001_initial','2026-01-01'),"
    "(2,'dcim','0002_more','2026-01-01');\n",
    "-- Dump completed on 2026-11-22  8:40:00\n",
]


def test_parse_sql_dump_of_mysql_reads_migrations_definitions_and_keys():
    found = parse_sql_dump("b.mysql", MYSQL_ROWS, BackupFormat.SQL)
    assert found.migrations == RECORDED
    assert (found.definitions, found.keys) == (("django_migrations",), ("django_migrations",))
    assert found.writes_to == ""


@pytest.mark.parametrize("names", [("nautobot",), ("crm",), ("nautobot", "crm"), ("crm", "mysql")])
def test_parse_sql_dump_of_mysql_that_selects_databases(names):
    lines = [line for name in names for line in (f"USE `{name}`;\n", *MYSQL_ROWS)]
    if len(names) > 1:
        with pytest.raises(ValueError, match="several databases"):
            parse_sql_dump("b.mysql", lines, BackupFormat.SQL)
    else:
        found = parse_sql_dump("b.mysql", lines, BackupFormat.SQL)
        assert (found.writes_to, found.database) == (names[0], names[0])


CHANGES = [
    'COPY public.extras_objectchange (id, "time", user_name) FROM stdin;\n',
    "8f0e\t2026-11-22 09:40:00.25+01\tadmin\n",
    "8f0f\t2026-11-22 08:39:00+00\tadmin\n",
    "\\.\n",
    "COPY public.dcim_device (id, created, last_updated, name) FROM stdin;\n",
    "8f0e\t\\N\t2026-11-21 09:40:00+00\t2030-01-01 00:00:00\n",
    "\\.\n",
]
NEWEST = datetime(2026, 11, 22, 8, 40, 0, 250_000, tzinfo=timezone.utc)
INSERTED = "('8f0e8f0e8f0e8f0e8f0e8f0e8f0e8f0e','2026-11-22 08:40:00.250000','2030-01-01 00:00:00')"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (CHANGES, NEWEST),
        (CHANGES[4:], datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc)),
        (CHANGES[:1] + CHANGES[3:4], None),
        ([f"INSERT INTO public.extras_objectchange VALUES {INSERTED};\n"], NEWEST),
        (["INSERT INTO public.extras_objectchange VALUES\n", f"\t{INSERTED};\n"], NEWEST),
        ([f"INSERT INTO public.extras_note VALUES {INSERTED};\n"], None),
    ],
)
def test_read_archive_rows_returns_the_newest_change(lines, expected):
    assert read_archive_rows(lines).newest_change == expected


def test_parse_sql_dump_of_mysql_returns_the_newest_change():
    lines = [*MYSQL_ROWS, f"INSERT INTO `extras_objectchange` VALUES {INSERTED};\n"]
    assert parse_sql_dump("b.mysql", lines, BackupFormat.SQL).newest_change == NEWEST
