"""Measure how long the copy of a rehearsal takes, compared with a dump and a restore.

Both copies go to the same scratch server, in turn. The dump uses the folder format and two
processes, as an administrator would for speed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from .figures import Figure, measure_in_turn

DATABASE = "benchmark_rehearsal"
LIMIT = 0.7
ROWS, SHORT_ROWS = 300_000, 60_000
MORE_ROWS = """
INSERT INTO extras_joblogentry
SELECT row.* FROM (SELECT * FROM extras_joblogentry LIMIT 1) one, generate_series(1, {rows}) number
CROSS JOIN LATERAL jsonb_populate_record(NULL::extras_joblogentry, to_jsonb(one) ||
    jsonb_build_object('id', gen_random_uuid(), 'message', 'a line of a log ' || md5(number::text)))
    row
"""


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the duration of a copy and the peer's."""
    from development.instance import Instance

    stack = Instance(os.environ["STACK_VERSION"], os.environ["STACK_ENGINE"]).server()
    stack.clone(os.environ["NAUTOBOT_DB_NAME"], DATABASE)
    try:
        stack.sql(MORE_ROWS.format(rows=SHORT_ROWS if is_short else ROWS), database=DATABASE)
        copy, dump = compare_copies(DATABASE, rounds=2 if is_short else 4)
    finally:
        stack.drop(DATABASE)
    yield Figure("copy of a rehearsal", copy, "pg_dump -Fd -j2, pg_restore -j2", dump, LIMIT)


def compare_copies(database: str, rounds: int) -> tuple[float, float]:
    """Return the seconds of a copy, and of a dump and a restore, to the same scratch server."""
    from nautobot_upgrade_jobs.rehearsal.copy_server import CopyLimits, CopyNames
    from nautobot_upgrade_jobs.rehearsal.folder import open_folder
    from nautobot_upgrade_jobs.rehearsal.postgresql.copy import copy_database
    from nautobot_upgrade_jobs.rehearsal.postgresql.programs import install_programs
    from nautobot_upgrade_jobs.rehearsal.postgresql.server import start_server
    from nautobot_upgrade_jobs.target.deadline import Deadline
    from nautobot_upgrade_jobs.target.index_config import create_uv
    from nautobot_upgrade_jobs.target.installation import build_live_database

    entry = {name: os.environ[f"NAUTOBOT_DB_{name}"] for name in ("HOST", "PORT", "USER")}
    live = build_live_database({"ENGINE": "postgresql", "NAME": database, **entry})
    with open_folder() as kept:
        folder = kept.path
        programs = install_programs(create_uv(folder, "", Deadline(300)), folder / "programs")
        server = start_server(kept, programs)
        names = CopyNames(live.name, "nautobot")
        login = {f"PG{name}": value for name, value in entry.items()}
        dump = folder / "dump"

        def copy() -> None:
            server.drop_database(database)
            shutil.rmtree(folder / "source", ignore_errors=True)
            copy_database(live, server, names, CopyLimits(Deadline(900)))

        def dump_and_restore() -> None:
            server.drop_database(database)
            shutil.rmtree(dump, ignore_errors=True)
            server.create_role("nautobot")
            server.create_database(names)
            words = ["--format=directory", "--jobs=2", f"--file={dump}", database]
            server.run_program("pg_dump", words, 900, login)
            words = ["--jobs=2", "--no-owner", f"--dbname={database}", str(dump)]
            server.run_program("pg_restore", words, 900, server.login)
            with contextlib.closing(server.connect(database)) as connection:
                connection.cursor().execute("ANALYZE")

        seconds = measure_in_turn({"copy": copy, "dump": dump_and_restore}, rounds)
    return seconds["copy"], seconds["dump"]
