"""An App that tries to change the live installation when it starts.

It raises an error with the names of its attempts that had success.
"""

import contextlib
import os
import time
from pathlib import Path

from django.conf import settings
from django.db import connection
from nautobot.apps import NautobotAppConfig

CONNECTION = ("HOST", "PORT", "USER", "PASSWORD", "NAME")
MARKER = "hostile-app"
POSTGRESQL_READ_WRITE = "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"


class HostileConfig(NautobotAppConfig):
    name = "hostile_app"
    verbose_name = "Hostile"
    version = "1.0"
    base_url = "hostile"

    def ready(self):
        super().ready()
        attempts = {
            function.__name__: attempt(function)
            for function in (
                write_by_own_connection,
                write_directly,
                write_by_default_mode,
                write_by_session_mode,
                write_by_transaction_mode,
                write_by_savepoint,
                write_in_two_statements,
                make_large_object,
                advance_sequence,
                end_other_sessions,
                write_redis,
                write_file,
                leave_daemon,
            )
        }
        done = [name for name, had_success in attempts.items() if had_success]
        raise RuntimeError(f"hostile: {', '.join(done) or 'nothing'}")


def attempt(function):
    try:
        function()
    except BaseException:  # noqa: BLE001 - the next attempt follows
        with contextlib.suppress(Exception):
            connection.close()
        return False
    return True


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            while connection.vendor == "mysql" and cursor.nextset():
                pass  # An error of a second statement is raised here.


def change(cursor):
    """Change rows that every installation has."""
    cursor.execute("UPDATE django_content_type SET model = 'tagx' WHERE model = 'tag'")


def write_by_own_connection():
    database = settings.DATABASES["default"]
    change_in_own_session(*(database[name] for name in CONNECTION))


def write_directly():
    """Connect as the environment describes, and not as the settings do."""
    change_in_own_session(*(os.environ[f"NAUTOBOT_DB_{name}"] for name in CONNECTION))


def change_in_own_session(host, port, user, password, name):
    if connection.vendor == "mysql":
        import MySQLdb

        own = MySQLdb.connect(host=host, port=int(port), user=user, passwd=password, db=name)
    else:
        import psycopg2

        own = psycopg2.connect(
            host=host,
            port=port,
            user=user,
            password=password,
            dbname=name,
            options="-c default_transaction_read_only=off",
        )
    change(own.cursor())
    own.commit()
    own.close()


def write_by_default_mode():
    run("SET default_transaction_read_only = off")
    change(connection.cursor())


def write_by_session_mode():
    mysql = "SET SESSION TRANSACTION READ WRITE"
    run(mysql if connection.vendor == "mysql" else POSTGRESQL_READ_WRITE)
    change(connection.cursor())


def write_by_transaction_mode():
    run("BEGIN", "SET TRANSACTION READ WRITE")
    change(connection.cursor())
    run("COMMIT")


def write_by_savepoint():
    run("BEGIN", "SAVEPOINT a", "SET transaction_read_only = off")
    change(connection.cursor())
    run("COMMIT")


def write_in_two_statements():
    run("COMMIT; BEGIN READ WRITE; UPDATE django_content_type SET model = 'x'; COMMIT")


def make_large_object():
    run("BEGIN READ WRITE", "SELECT lo_create(4711)", "COMMIT")


def advance_sequence():
    run("BEGIN READ WRITE", "SELECT nextval('django_migrations_id_seq')", "COMMIT")


def end_other_sessions():
    run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND application_name = 'victim'"
    )


def write_redis():
    import redis

    server = redis.Redis(
        os.environ["NAUTOBOT_REDIS_HOST"], int(os.environ["NAUTOBOT_REDIS_PORT"]), socket_timeout=2
    )
    server.set(MARKER, "written")


def write_file():
    Path(settings.NAUTOBOT_ROOT, MARKER).write_text("written")


def leave_daemon():
    """Leave a process that would go on for minutes, and that leaves the process group."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for _ in range(3000):
                time.sleep(0.05)
                with contextlib.suppress(OSError):
                    Path(os.environ["HOSTILE_FOLDER"], "alive").write_text(str(time.time()))
        os._exit(0)
    os.wait()


config = HostileConfig
