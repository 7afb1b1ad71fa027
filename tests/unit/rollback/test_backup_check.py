"""What a dump says of itself, and whether that is the backup."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import TableFingerprints, Unavailable
from nautobot_upgrade_jobs.facts.backup_file import Backup
from nautobot_upgrade_jobs.facts.fingerprints import TableFingerprint
from nautobot_upgrade_jobs.rollback.backup_check import of_listing, of_statements, prove, rows_of

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
INSERT INTO `dcim_cable` VALUES (1),(2);
CREATE TABLE `dcim_device` (
-- Dump completed on 2026-11-22  8:40:00
"""
BACKUP = Backup("b.dump", "2026-11-22 08:40:00 UTC", "nautobot", ("a", "b"), True, {"a": 3, "b": 0})
LATER = "2026-11-22T09:00:00+00:00"


def state(**rows):
    tables = {name: TableFingerprint(number, ("id",), None, ()) for name, number in rows.items()}
    return TableFingerprints("a", "postgresql 18", "C", "keys", tables)


def test_a_listing_is_read():
    found = of_listing("b.dump", LISTING, {})
    assert (found.created, found.database) == ("2026-11-22 08:40:00 UTC", "nautobot")
    assert (found.tables, found.complete) == (("dcim_cable", "dcim_device"), True)


def test_what_is_no_listing_is_no_dump():
    assert not of_listing("b.dump", "", {}).complete


def test_rows_are_counted_and_no_value_is_taken_for_a_command():
    found = rows_of(DATA.splitlines(keepends=True))
    assert found == {"dcim_cable": 2, "dcim_device": 0, "Odd name": 1}


def test_statements_are_read():
    found = of_statements("b.mysql", STATEMENTS.splitlines(keepends=True))
    assert (found.created, found.database) == ("2026-11-22  8:40:00", "nautobot")
    assert (found.tables, found.complete) == (("dcim_cable", "dcim_device"), True)
    assert isinstance(found.rows, Unavailable)


@pytest.mark.parametrize("lines", [[], ["hello\n"], STATEMENTS.splitlines(keepends=True)[:-1]])
def test_statements_that_do_not_end_are_no_dump(lines):
    assert not of_statements("b.mysql", lines).complete


@pytest.mark.parametrize(
    ("changes", "then", "began", "objections", "questions"),
    [
        ({}, state(a=3, b=0), LATER, 0, 0),
        ({}, state(a=2, b=0), LATER, 0, 0),  # something was added before the dump
        ({}, state(a=3), LATER, 0, 0),
        ({}, state(a=4, b=0), LATER, 1, 0),
        ({}, state(a=3, b=0, c=1), LATER, 1, 0),
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
def test_what_speaks_for_it_and_what_against(changes, then, began, objections, questions):
    found = prove(replace(BACKUP, **changes), then, began)
    assert (len(found.objections), len(found.open)) == (objections, questions)
    assert found.evidence or objections


def test_what_loses_rows_every_day_says_nothing():
    assert not prove(BACKUP, state(a=9, b=0), LATER, volatile=("a",)).objections
