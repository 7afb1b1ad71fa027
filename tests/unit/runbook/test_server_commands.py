"""The commands of each database server and of tar."""

import shlex

import pytest

from nautobot_upgrade_jobs.runbook.server_commands import (
    connection_options,
    dump_command,
    dump_dry_run,
    format_options,
    tar_create,
    tar_extract,
)
from tests.support.builders import database, mysql

AWKWARD = "net box; rm -rf $HOME"


@pytest.mark.parametrize(
    ("server", "program", "file", "proof"),
    [
        (database, "pg_dump", "before.postgresql", "pg_restore --list < before.postgresql"),
        (mysql, "mysqldump", "before.mysql", "tail -n 1 before.mysql | grep 'Dump completed'"),
    ],
)
def test_dump_command_by_server_writes_the_file_that_the_proof_reads(server, program, file, proof):
    command, proven_by = dump_command(server(name=AWKWARD), "before")
    words = shlex.split(command)
    assert words[0] == program
    assert words[-3:] == [AWKWARD, ">", file]
    assert proven_by == proof


@pytest.mark.parametrize("server", [database, mysql])
def test_dump_dry_run_keeps_no_file_and_reads_no_rows(server):
    words = shlex.split(dump_dry_run(server(name=AWKWARD)))
    assert words[-3:] == [AWKWARD, ">", "/dev/null"]
    assert {"--schema-only", "--no-data"} & set(words)


@pytest.mark.parametrize(
    ("server", "user"), [(database, "--username=up grader"), (mysql, "--user=up grader")]
)
def test_connection_options_by_server_are_quoted(server, user):
    options = connection_options(server(host="db one", port="5433", account="up grader"))
    assert shlex.split(options) == ["--host=db one", "--port=5433", user]


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ({}, ""),
        ({"host": "", "port": ""}, ""),
        ({"find_links": "/a b"}, " --find-links='/a b'"),
        ({"host": "", "port": "1"}, " --port=1"),
    ],
)
def test_format_options_without_a_value_are_left_out(values, options):
    assert format_options(**values) == options


def test_tar_commands_restore_the_folder_to_its_place():
    assert shlex.split(tar_create("/opt/my media", "m.tgz"))[-3:] == ["-C", "/opt", "my media"]
    assert shlex.split(tar_extract("/opt/my media", "m.tgz"))[-2:] == ["-C", "/opt"]
