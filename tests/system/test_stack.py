"""The development stack: repeatable, ends only its own processes, restores its dumps."""

import shutil
import subprocess
import sys
import time

import pytest

from development import dumps, server_folder
from development.instance import State
from development.process import Process, children, identify, is_alive, terminate
from development.venvs import REPOSITORY
from tests.support.nautobot import connected_to, rows_of_every_table

SERVICES = ("web", "worker", "beat", "valkey", "database")


def sleeper(seconds=60):
    """A process with a child, in a session of its own."""
    return subprocess.Popen(["sh", "-c", f"sleep {seconds} & wait"], start_new_session=True)


def counts():
    """The number of rows of every table of the connected database."""
    from django.db import connection

    with connection.cursor() as cursor:
        numbers = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            numbers[table] = cursor.fetchone()[0]
    return numbers


def test_stack_runs_every_service(instance, rest):
    state = instance.state()
    assert all(state.process(name) for name in SERVICES)
    assert rest.get("/api/status/")["nautobot-version"] == instance.version


def written_files(instance):
    """When the files that the stack writes into NAUTOBOT_ROOT were changed."""
    names = ("nautobot_config.py", "jobs/sample_jobs.py")
    return [(instance.root / name).stat().st_mtime_ns for name in names]


def test_stack_up_again_changes_nothing(instance):
    data = instance.state().get("live", "data")
    options = ["--database", instance.engine, "--data", data]
    up = [sys.executable, "-m", "development.stack", "up", instance.version, *options]
    subprocess.run(up, cwd=REPOSITORY, check=True)  # restarts what was edited since
    before = instance.state().values, written_files(instance)
    subprocess.run(up, cwd=REPOSITORY, check=True)
    assert (instance.state().values, written_files(instance)) == before


def test_stack_worker_runs_jobs(rest):
    result = rest.run_job("sample_jobs.Greet", {"greeting": "good evening"})
    assert (result["status"]["value"], result["result"]) == ("SUCCESS", "good evening")


def test_stack_enables_own_jobs(rest):
    ours = [
        job
        for job in rest.all("/api/extras/jobs/")
        if job["module_name"].startswith("nautobot_upgrade")
    ]
    assert ours
    assert all(job["enabled"] for job in ours)


def test_stack_serves_static_files(rest):
    page = rest.fetch("/login/").decode()
    path = page.partition('href="/static/')[2].partition('"')[0].partition("?")[0]
    assert rest.fetch(f"/static/{path}")


def test_clone_is_private(clone):
    from nautobot.dcim.models import Device

    with clone("sample"):
        before = Device.objects.count()
        assert before
        Device.objects.filter(name="edge-04").delete()
        assert Device.objects.count() == before - 1
    assert Device.objects.count() == before


def test_clone_in_place_of_a_changed_database_is_equal(clone, instance):
    from django.db import connection

    def contents():
        with connection.cursor() as cursor:
            columns = {
                table: connection.introspection.get_table_description(cursor, table)
                for table in connection.introspection.table_names(cursor)
            }
            return columns, rows_of_every_table(cursor)

    with clone("sample") as name:
        before = contents()
        with connection.cursor() as cursor:
            for statement in (
                "UPDATE django_content_type SET model = concat(model, 'x')",
                "ALTER TABLE extras_tag ADD COLUMN planted int",
                "CREATE TABLE planted (a int)",
                "CREATE VIEW planted_view AS SELECT 1",
                "DROP TABLE django_session",
            ):
                cursor.execute(statement)
        assert contents() != before
    instance.server().clone("sample", name)
    with connected_to(name):
        assert contents() == before


def test_dump_and_restore_keep_every_row(clone, instance, tmp_path):
    from django.db import connections

    server = instance.server()
    dump = tmp_path / f"sample.{server.suffix}"
    with clone("sample") as name:
        original = counts()
        server.dump(name, dump)
    with clone("pristine") as name:
        assert counts() != original
        connections.close_all()
        server.restore(dump, name)
        assert counts() == original
    assert original["dcim_cable"] >= 7


def test_terminate_ends_a_process_with_its_children():
    process = sleeper()
    known = identify(process.pid)
    while not (family := children(process.pid)):
        time.sleep(0.01)
    terminate(known)
    process.wait()
    assert not any(map(is_alive, family))


def test_terminate_ignores_another_process_with_the_same_pid():
    process = sleeper()
    try:
        terminate(Process(process.pid, "another boot 12345"))
        assert process.poll() is None
    finally:
        terminate(identify(process.pid))
        process.wait()


def test_state_forgets_ended_and_foreign_processes(tmp_path):
    process = sleeper()
    known = identify(process.pid)
    State(tmp_path / "state.json", {}).save("processes", "web", list(known))
    assert State.load(tmp_path / "state.json").process("web") == known
    State(tmp_path / "state.json", {}).save("processes", "web", [process.pid, "another boot 12345"])
    assert State.load(tmp_path / "state.json").process("web") is None
    terminate(known)
    process.wait()


def test_state_broken_file_is_empty(tmp_path):
    (tmp_path / "state.json").write_text('{"ports": ')
    assert State.load(tmp_path / "state.json").values == {}


def test_stored_databases_match_this_release_and_the_sample_data(instance):
    """A dump is named after a digest of the release, its migrations and the sample scripts."""
    stored = dict(dumps.stored_instances())
    keys = [
        dumps.build_dump_key(instance, instance.server(), template)
        for template in stored.get(instance, ())
    ]
    paths = {key: dumps.find_dump(key, instance.server()) for key in keys}
    outdated = [key for key, path in paths.items() if not path or path.parent != dumps.STORED]
    assert not outdated, "run: make databases"


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """A folder that counts as the file system in memory, and has room."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(server_folder, "MEMORY", folder)
    monkeypatch.setattr(server_folder, "NEEDED_BYTES", 0)
    return folder


def complete(folder):
    with server_folder.new_server_folder(folder) as made:
        (made / "file").touch()


def test_server_folder_with_room_is_in_memory_until_removed(tmp_path, memory):
    folder = tmp_path / "pgdata"
    complete(folder)
    assert (folder / "file").exists()
    assert folder.resolve().parent == memory
    server_folder.remove_from_memory(folder)
    assert (list(memory.iterdir()), folder.is_symlink()) == ([], False)


def test_server_folder_without_room_is_on_disk_and_stays(tmp_path, memory, monkeypatch):
    monkeypatch.setattr(server_folder, "NEEDED_BYTES", 2**60)
    folder = tmp_path / "pgdata"
    complete(folder)
    server_folder.remove_from_memory(folder)
    assert (folder / "file").exists()
    assert list(memory.iterdir()) == []


def test_server_folder_whose_memory_was_lost_is_made_again(tmp_path, memory):
    folder = tmp_path / "pgdata"
    complete(folder)
    shutil.rmtree(folder.resolve())
    assert not folder.exists()
    complete(folder)
    assert (folder / "file").exists()


def test_server_folder_of_an_interrupted_start_is_not_used(tmp_path, memory):
    folder = tmp_path / "pgdata"
    with pytest.raises(OSError), server_folder.new_server_folder(folder):
        raise OSError
    assert not folder.exists()
    complete(folder)
    assert [one.name.endswith(".new") for one in memory.iterdir()] == [False]


def test_server_folder_of_a_deleted_checkout_is_removed(tmp_path, memory):
    deleted, kept = tmp_path / "deleted", tmp_path / "kept"
    for folder in (deleted, kept):
        complete(folder)
    deleted.unlink()
    server_folder.remove_from_memory(tmp_path / "other")
    assert list(memory.iterdir()) == [kept.resolve()]
