"""Rehearse Upgrade of a MySQL database, with a server from the programs of the host."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.rehearsal.copy_server import CopyLimits, CopyNames, Expected
from nautobot_upgrade_jobs.rehearsal.errors import RehearsalFailed
from nautobot_upgrade_jobs.rehearsal.folder import open_folder
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.installation import build_live_database
from tests.support.engines import mysql_only

MySQLdb = pytest.importorskip("MySQLdb", reason="only with MySQL")
pytestmark = [mysql_only("PostgreSQL has its own tests"), pytest.mark.network]


@pytest.fixture(scope="module")
def programs(instance):
    """A folder with the programs of MySQL, which the account of the server can read."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        instance.server().write_programs(Path(folder))
        yield Path(folder)


@pytest.fixture
def live(instance):
    """The live database of the tests."""
    return live_database(instance, "nautobot")


def live_database(instance, user):
    place = {"HOST": "127.0.0.1", "PORT": str(instance.server().port), "USER": user}
    return build_live_database({"ENGINE": "mysql", "NAME": os.environ["NAUTOBOT_DB_NAME"], **place})


def expect(database):
    return Expected(database, None, (), "2.4.44")


@pytest.fixture
def server(programs, live):
    from nautobot_upgrade_jobs.rehearsal.mysql.copy_server import start_mysql_server

    with open_folder() as kept:
        yield start_mysql_server(kept, CopyNames(live.name, "nautobot"), str(programs))
    assert not kept.path.exists()


def rehearse(programs, folder, *words):
    command = [sys.executable, "-m", "nautobot_upgrade_jobs", "rehearse", "--format", "json"]
    config = ["--config", os.environ["NAUTOBOT_CONFIG"], "--python", sys.executable]
    done = subprocess.run(
        [*command, *config, "--target", "3.2.7", "--output", str(folder), *words],
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    return done, json.loads(done.stdout or "{}")


def digest(instance):
    """Return the checksum of each table of the live database, except what its services write."""
    name, stack = os.environ["NAUTOBOT_DB_NAME"], instance.server()
    tables = {*stack.sql("SHOW TABLES", database=name).split()} - {"django_session"}
    return stack.sql(f"CHECKSUM TABLE {', '.join(sorted(tables))}", database=name)


def test_rehearsal_proves_the_upgrade_and_its_rollback(instance, programs, tmp_path):
    before = digest(instance)
    done, document = rehearse(programs, tmp_path, "--window", "60m")
    assert digest(instance) == before
    assert done.returncode == 0, done.stderr + done.stdout
    found = document["rehearsal"]
    assert [each["migration"] for each in found["forward"]["migrations"]] == found["planned"]
    assert len(found["planned"]) > 50
    assert {each["name"]: each["problem"] for each in found["stages"] if each["problem"]} == {}
    assert found["restore"]["differences"] == []
    assert found["copy"]["rows"] > 1000


def test_copy_is_whole_harmless_and_marked(instance, live, server):
    copied = server.copy(expect(live), CopyLimits(Deadline(120)))
    stack, name = instance.server(), live.name
    numbers = {
        table: int(stack.sql(f"SELECT COUNT(*) FROM {table}", database=name))
        for table in stack.sql("SHOW TABLES", database=name).split()
    }
    assert (copied.rows, copied.tables) == (sum(numbers.values()), len(numbers))
    server.open("this-run")
    with MySQLdb.connect(**server.describe_database().parameters) as session:
        cursor = session.cursor()
        cursor.execute("SELECT run FROM nautobot_upgrade_jobs_rehearsal")
        assert cursor.fetchone() == ("this-run",)
        cursor.execute("SELECT COUNT(*) FROM extras_scheduledjob WHERE enabled")
        assert cursor.fetchone() == (0,)
        with pytest.raises(MySQLdb.OperationalError, match="denied"):
            cursor.execute("CREATE DATABASE other")


def test_copy_by_an_account_that_may_not_read_is_refused(instance, live, server):
    instance.server().sql("CREATE USER IF NOT EXISTS reader@'%'")
    reader = live_database(instance, "reader")
    with pytest.raises(RehearsalFailed, match=r"cannot be read: .*denied"):
        server.copy(expect(reader), CopyLimits(Deadline(120)))
    instance.server().sql(f"GRANT SELECT ON `{live.name}`.dcim_device TO reader@'%'")
    with pytest.raises(RehearsalFailed, match="may not read all tables"):
        server.copy(expect(reader), CopyLimits(Deadline(120)))
    instance.server().sql(f"GRANT SELECT ON `{live.name}`.* TO reader@'%'")
    assert server.copy(expect(reader), CopyLimits(Deadline(120))).rows > 1000


@pytest.fixture
def dumped(programs, live, tmp_path):
    """A dump of the live database, as operators make it."""
    path = tmp_path / "before.sql"
    place = [f"--host={live.parameters['host']}", f"--port={live.parameters['port']}"]
    options = ["--single-transaction", "--no-tablespaces", "--set-gtid-purged=OFF"]
    words = ["--no-defaults", *place, "--user=nautobot", *options, live.name]
    with path.open("wb") as file:
        subprocess.run([programs / "mysqldump", *words], stdout=file, check=True)
    return path


def restore(server, live, path):
    return server.restore_backup(path, expect(live), Deadline(300))


def test_backup_is_restored(server, live, dumped):
    assert restore(server, live, dumped).rows > 1000


@pytest.mark.parametrize("percent", [56, 99])
def test_backup_that_is_cut_is_refused(server, live, dumped, percent):
    os.truncate(dumped, dumped.stat().st_size * percent // 100)
    with pytest.raises(RehearsalFailed, match=r"not complete|mysql failed"):
        restore(server, live, dumped)


def test_backup_that_is_compressed_is_refused(server, live, tmp_path):
    path = tmp_path / "before.sql.gz"
    path.write_bytes(b"\x1f\x8b\x08rest")
    with pytest.raises(RehearsalFailed, match="Decompress"):
        restore(server, live, path)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\\! touch {file}\nsystem touch {file}", id="command of the client"),
        pytest.param("SELECT 1 INTO OUTFILE '{file}';", id="file"),
        pytest.param(
            "SET GLOBAL general_log_file = '{file}'; SET GLOBAL general_log = 1;", id="log"
        ),
        pytest.param("CREATE USER other@localhost;", id="account"),
    ],
)
def test_backup_can_use_nothing_but_the_copy(server, live, dumped, tmp_path, text):
    file = tmp_path / "written"
    tmp_path.chmod(0o777)
    statement = f"\n{text.format(file=file)}\n".encode()
    dumped.write_bytes(dumped.read_bytes().replace(b"\n\n", statement, 1))
    with pytest.raises(RehearsalFailed, match="mysql failed"):
        restore(server, live, dumped)
    assert not file.exists()


def test_backup_keeps_the_collation_for_new_tables(instance, server, live, dumped):
    content = dumped.read_bytes()
    dumped.write_bytes(content.replace(b"utf8mb4_0900_ai_ci", b"utf8mb4_unicode_ci"))
    restore(server, live, dumped)
    with server._server.connect(live.name) as cursor:
        cursor.execute("SELECT @@collation_database")
        assert cursor.fetchone() == ("utf8mb4_unicode_ci",)


def test_only_this_rehearsal_can_administer_the_server(server, live):
    """The code that is rehearsed runs as the same account."""
    server.copy(expect(live), CopyLimits(Deadline(120)))
    server.open("run")
    place = {"unix_socket": server._server.socket}
    for user in ("root", "nautobot_rehearsal", "nautobot_rehearsal_loader"):
        with pytest.raises(MySQLdb.OperationalError, match="denied"):
            MySQLdb.connect(user=user, **place)
    with MySQLdb.connect(user="nautobot", **place) as session:
        cursor = session.cursor()
        with pytest.raises(MySQLdb.OperationalError, match="denied"):
            cursor.execute("SET GLOBAL general_log = 1")
    files = server._server.folder.glob("*.cnf"), server._server.data.glob("*.sql")
    assert [path for found in files for path in found] == []


def test_dump_that_fails_gives_its_own_reason(server, live, programs, tmp_path):
    """The client would only notice that the dump ends too early."""
    for name in ("mysql", "mysqld"):
        (tmp_path / name).symlink_to(programs / name)
    failing = tmp_path / "mysqldump"
    failing.write_text("#!/bin/sh\necho '-- MySQL dump'\necho 'no such option' >&2\nexit 2\n")
    failing.chmod(0o755)
    known = server._server.programs
    server._server.programs = replace(known, dump=str(failing))
    with pytest.raises(RehearsalFailed, match="mysqldump failed: no such option"):
        server.copy(expect(live), CopyLimits(Deadline(120)))


def test_host_without_a_server_is_named(tmp_path):
    from nautobot_upgrade_jobs.rehearsal.mysql.programs import find_programs

    (tmp_path / "mysql").touch(mode=0o755)
    with pytest.raises(RehearsalFailed, match=r"no mysqld and no mysqldump.*mysql_programs"):
        find_programs(str(tmp_path))


def test_nothing_is_left_behind():
    """Other tests can have a server of PostgreSQL meanwhile."""
    places = [Path("/tmp"), Path("/var/tmp")]
    files = [each for one in places for each in one.glob("*nautobot-upgrade-jobs-*/data/mysql.ibd")]
    assert files == []
