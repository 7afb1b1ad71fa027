"""What backup programs print about their backups."""

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.facts.backup_record import BackupSource
from nautobot_upgrade_jobs.rollback.backup_records import (
    UnknownDescriptionError,
    is_description,
    parse_description,
    parse_statement,
)

DATA = Path(__file__).parent / "data"
"""Recorded from pgBackRest 2.45 and Barman 3.4 with PostgreSQL 15."""
NOW = datetime(2026, 11, 30, tzinfo=timezone.utc)
WAL_G = [
    {
        "backup_name": "base_000000010000000000000002",
        "time": "2026-11-28T08:00:01Z",
        "wal_file_name": "000000010000000000000002",
        "storage_name": "default",
    }
]
WAL_G_DETAIL = [
    {
        **WAL_G[0],
        "start_time": "2026-11-28T08:00:00.123456789Z",
        "finish_time": "2026-11-28T08:00:03.5Z",
        "hostname": "db1",
        "pg_version": 150002,
        "system_identifier": 7713518158670053002,
    }
]


def at(*parts):
    return datetime(2026, 11, *parts, tzinfo=timezone.utc)


def cron_job(suspend=False, **status):
    return {
        "kind": "CronJob",
        "metadata": {"name": "nautobot-backup"},
        "spec": {"suspend": suspend},
        "status": status,
    }


def volume_snapshot(**status):
    return {"kind": "VolumeSnapshot", "metadata": {"name": "pg-1"}, "status": status}


def parse(document):
    return parse_description(document if isinstance(document, str) else json.dumps(document))


def recorded(name):
    return json.loads((DATA / name).read_text())


def failed_pgbackrest(**changes):
    document = recorded("pgbackrest-info.json")
    document[0]["backup"][-1].update(changes)
    return document


def barman(status):
    document = recorded("barman-list.json")
    document["nautobot"][0]["status"] = status
    return document


@pytest.mark.parametrize(
    ("document", "source", "labels", "finished", "failures"),
    [
        (
            recorded("pgbackrest-info.json"),
            BackupSource.PGBACKREST,
            ["20261129-091000F", "20261129-091000F_20261129-091004I"],
            at(29, 9, 10, 5),
            0,
        ),
        (failed_pgbackrest(error=True), BackupSource.PGBACKREST, None, at(29, 9, 10, 5), 1),
        (
            failed_pgbackrest(archive={"start": "0", "stop": "000000010000000000000009"}),
            BackupSource.PGBACKREST,
            None,
            at(29, 9, 10, 5),
            1,
        ),
        (
            recorded("barman-list.json"),
            BackupSource.BARMAN,
            ["20261129T091036"],
            at(29, 9, 10, 38),
            0,
        ),
        (recorded("barman-show.json"), BackupSource.BARMAN, None, at(29, 9, 10, 38), 0),
        (barman("FAILED"), BackupSource.BARMAN, None, None, 1),
        (barman("WAITING_FOR_WALS"), BackupSource.BARMAN, None, None, 1),
        (WAL_G, BackupSource.WAL_G, ["base_000000010000000000000002"], at(28, 8, 0, 1), 0),
        (WAL_G_DETAIL, BackupSource.WAL_G, None, at(28, 8, 0, 3), 0),
        (
            cron_job(
                lastScheduleTime="2026-11-29T02:00:00Z", lastSuccessfulTime="2026-11-29T02:03:00Z"
            ),
            BackupSource.CRON_JOB,
            ["nautobot-backup"],
            at(29, 2, 3),
            0,
        ),
        (
            cron_job(
                lastScheduleTime="2026-11-29T02:00:00Z", lastSuccessfulTime="2026-11-27T02:03:00Z"
            ),
            BackupSource.CRON_JOB,
            None,
            at(27, 2, 3),
            1,
        ),
        (
            cron_job(
                active=[{"name": "runs"}],
                lastScheduleTime="2026-11-29T02:00:00Z",
                lastSuccessfulTime="2026-11-28T02:03:00Z",
            ),
            BackupSource.CRON_JOB,
            None,
            at(28, 2, 3),
            0,
        ),
        (cron_job(), BackupSource.CRON_JOB, None, None, 1),
        (
            # Operators suspend it for the window.
            cron_job(suspend=True, lastSuccessfulTime="2026-11-29T02:03:00Z"),
            BackupSource.CRON_JOB,
            None,
            at(29, 2, 3),
            0,
        ),
        (
            {"kind": "List", "items": [cron_job(lastSuccessfulTime="2026-11-29T02:03:00Z")]},
            BackupSource.CRON_JOB,
            None,
            at(29, 2, 3),
            0,
        ),
        (
            volume_snapshot(readyToUse=True, creationTime="2026-11-29T02:00:00Z"),
            BackupSource.VOLUME_SNAPSHOT,
            ["pg-1"],
            at(29, 2),
            0,
        ),
        (
            volume_snapshot(readyToUse=False, error={"message": "no space"}),
            BackupSource.VOLUME_SNAPSHOT,
            None,
            None,
            1,
        ),
    ],
)
def test_parse_description_returns_the_backups(document, source, labels, finished, failures):
    records = parse(document)
    newest = records[-1]
    assert newest.source is source
    assert labels is None or [record.label for record in records] == labels
    assert newest.finished == finished
    assert len(newest.failures) == failures


def test_parse_description_names_cluster_and_databases():
    (record,) = parse(recorded("pgbackrest-info-set.json"))
    assert record.system_id == "7713518158670053002"
    assert record.databases == ("nautobot", "postgres")
    (record,) = parse(WAL_G_DETAIL)
    assert record.system_id == "7713518158670053002"


PGBACKREST_LOG = (
    "2026-11-29 09:10:20.330 P00   INFO: verify command end: completed successfully (431ms)\n"
)
PGBACKREST_ERROR = """\
2026-11-29 09:10:20.740 P01   INFO: invalid checksum '20261129-091000F/pg_data/base/5/2838.gz'
2026-11-29 09:10:20.863 P00   INFO: stanza: nautobot
                                    status: error
                                      backup: 20261129-091000F, status: invalid, total files
                                        checksum invalid: 1
2026-11-29 09:10:20.863 P00   INFO: verify command end: completed successfully (482ms)
"""
PGBACKREST_TEXT = """\
stanza: nautobot
status: {}
  archiveId: 15-1, total WAL checked: 4, total valid WAL: 4
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261129-091000F, status: {}, total files checked: 1262, total valid files: 1262
    missing: 0, checksum invalid: {}, size invalid: 0, other: 0
"""
PGBACKREST_STOPPED = """\
2026-11-29 10:22:21.061 P00   INFO: verify command begin 2.45: --stanza=nautobot
2026-11-29 10:22:21.099 P00   INFO: verify command end: terminated on signal [SIGINT]
"""
PGBACKREST_INFO = """\
stanza: nautobot
    status: ok
    cipher: none

    db (current)
        full backup: 20261129-091000F
"""
BARMAN_LOG = "Verifying backup 'last' on server ['nautobot']\nbackup successfully verified\n"
BARMAN_ERROR = """\
ERROR: verify backup failure on directory '/var/lib/barman/nautobot/base/20261129T091036/data'
ERROR: pg_verifybackup: error: checksum mismatch for file "base/5/2838"
"""


@pytest.mark.parametrize(
    ("text", "source", "ok"),
    [
        (PGBACKREST_LOG, BackupSource.PGBACKREST, True),
        (PGBACKREST_TEXT.format("ok", "valid", 0), BackupSource.PGBACKREST, True),
        (PGBACKREST_TEXT.format("error", "invalid", 3), BackupSource.PGBACKREST, False),
        (PGBACKREST_STOPPED, BackupSource.PGBACKREST, False),
        (BARMAN_LOG + BARMAN_ERROR, BackupSource.BARMAN, False),
        ("Verifying backup 'last' on server ['nautobot']\n", BackupSource.BARMAN, False),
        ('{"timeline": {"status": "OK"}}', BackupSource.WAL_G, False),
        (PGBACKREST_ERROR, BackupSource.PGBACKREST, False),
        (
            "P00  ERROR: [055]: missing archive.info\n"
            "P00   INFO: verify command end: aborted with exception [055]\n",
            BackupSource.PGBACKREST,
            False,
        ),
        (BARMAN_LOG, BackupSource.BARMAN, True),
        (BARMAN_ERROR, BackupSource.BARMAN, False),
        (
            '{"integrity": {"status": "OK", "details": []}, "timeline": {"status": "OK"}}',
            BackupSource.WAL_G,
            True,
        ),
        (
            '{"integrity": {"status": "FAILURE"}, "timeline": {"status": "OK"}}',
            BackupSource.WAL_G,
            False,
        ),
    ],
)
def test_parse_description_reads_verifications(text, source, ok):
    verification = parse_description(text)
    assert verification.source is source
    assert (not verification.failures) is ok
    assert is_description(text)


@pytest.mark.parametrize(
    ("document", "fragment"),
    [
        (recorded("pgbackrest-empty.json"), "no valid backups"),
        (recorded("pgbackrest-info.json") * 2, "2 stanzas"),
        ([], "no stanza"),
        ({"a": [], "b": []}, "2 servers"),
        ({"nautobot": []}, "no backup"),
        ({}, "JSON"),
        ("null", "JSON"),
        ("[1]", "JSON"),
        ("{", "neither a dump"),
        ("", "neither a dump"),
        ("[" * 100_000, "neither a dump"),
        ({"kind": "Secret", "metadata": {"name": "x"}}, "Secret"),
        ({"kind": "List", "items": [cron_job(), cron_job()]}, "2 objects"),
        ([{"backup_name": "x"}], "KeyError"),
        ([{"backup_name": "x", "time": "yesterday"}], "yesterday"),
        ([{"backup": [{}], "status": {"code": 0}, "db": [], "archive": []}], "KeyError"),
        ({"nautobot": [{"backup_id": "x"}]}, "status"),
        (failed_pgbackrest(timestamp={"stop": 10**30}), "Error"),
    ],
)
def test_parse_description_of_anything_else_is_refused(document, fragment):
    with pytest.raises(UnknownDescriptionError, match=fragment):
        parse(document)


@pytest.mark.parametrize(
    "text", ["-- PostgreSQL database dump\n", "PGDMP\x01", "", "-- MySQL", PGBACKREST_INFO]
)
def test_is_description_is_false_for_dumps(text):
    assert not is_description(text)


def test_parse_description_of_several_repositories_keeps_them_apart():
    document = recorded("pgbackrest-info.json")
    stanza = document[0]
    for backup in stanza["backup"]:
        backup["database"] = {"id": 1, "repo-key": 1}
    stanza["archive"].append(
        {"database": {"id": 1, "repo-key": 2}, "id": "15-1", "max": None, "min": None}
    )
    stanza["db"].append({"id": 1, "repo-key": 2, "system-id": 111, "version": "15"})
    stanza["status"] = {"code": 4, "message": "different across repos"}
    stanza["repo"] = [
        {"key": 1, "status": {"code": 0, "message": "ok"}},
        {"key": 2, "status": {"code": 2, "message": "no valid backups"}},
    ]
    record = parse(document)[-1]
    assert (record.failures, record.system_id) == ((), "7713518158670053002")
    assert (record.group, record.repository) == ("nautobot", "1")


def test_parse_description_ignores_the_messages_of_barman():
    (record,) = parse({**recorded("barman-list.json"), "_INFO": ["a message"]})
    assert record.group == "nautobot"


def test_parse_description_of_a_cron_job_that_mentions_a_verification():
    document = cron_job(lastSuccessfulTime="2026-11-29T02:03:00Z")
    document["spec"]["script"] = "grep 'backup successfully verified'"
    (record,) = parse(document)
    assert record.source is BackupSource.CRON_JOB


def test_parse_statement_names_person_and_time():
    record = parse_statement("Ann | 2026-11-29T09:00+01:00 | snap-0123", NOW)
    assert record.source is BackupSource.STATEMENT
    assert record.label == "snap-0123, stated by Ann"
    assert record.finished == at(29, 8)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("Ann | 2026-11-29T08:00Z", "three parts"),
        ("Ann | | snap", "three parts"),
        ("Ann | 2026-11-29T08:00Z | a | b", "three parts"),
        ("Ann | yesterday | snap", "no time"),
        ("Ann | 2026-11-29T08:00 | snap", "time zone"),
        ("Ann | 2026-12-24T08:00Z | snap", "future"),
        ("Ann | 0001-01-01T00:00+14:00 | snap", "no time"),
    ],
)
def test_parse_statement_with_a_part_missing_is_refused(text, fragment):
    with pytest.raises(UnknownDescriptionError, match=fragment):
        parse_statement(text, NOW)
