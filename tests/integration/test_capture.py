"""Snapshots of a real database: complete, of one instant, and sensitive to every change."""

import random
import threading
from dataclasses import replace

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test import override_settings
from nautobot.dcim.models import Device
from nautobot.extras.models import ComputedField, DynamicGroup, GraphQLQuery, SavedView

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.collect.db import fingerprints_mysql, fingerprints_postgresql
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.fingerprints import DEPTHS
from nautobot_upgrade_jobs.snapshot.difference import NotComparable
from nautobot_upgrade_jobs.snapshot.file_format import load
from nautobot_upgrade_jobs.snapshot.fingerprint_diff import fingerprint_differences
from nautobot_upgrade_jobs.snapshot.listing_diff import listing_fields
from nautobot_upgrade_jobs.workflows.capture import capture
from tests.support.engines import postgresql_only

JOB = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.REPLY_TIMEOUT_SECONDS", 0.05)


@pytest.fixture
def own_database(clone):
    with clone("sample"):
        yield


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def fingerprints():
    return collect_facts(topics=("fingerprints",)).fingerprints


def table(name, of=None):
    fingerprint = (of or fingerprints()).tables[name]
    assert not isinstance(fingerprint, Unavailable), fingerprint.reason
    return fingerprint


def column(name, of):
    return next(one for one in of.columns if one.name == name)


def changed(before, after):
    """Return the names of the parts of one table that differ between two states."""
    parts = set()
    if before.rows != after.rows:
        parts.add("rows")
    if before.key_fingerprint != after.key_fingerprint:
        parts.add("keys")
    old = {one.name: one for one in before.columns}
    return parts | {one.name for one in after.columns if old[one.name] != one}


def test_capture_contains_every_table():
    captured = capture()
    assert captured.missing == {}
    tables = captured.snapshot.facts.fingerprints.tables
    with connection.cursor() as cursor:
        assert set(tables) == set(connection.introspection.table_names(cursor))
    for name, one in tables.items():
        ((rows,),) = execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
        assert one.rows == rows
    assert load(captured.data) == captured.snapshot


def test_fingerprints_of_unchanged_rows_are_equal():
    assert fingerprints() == fingerprints()


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE dcim_device SET serial = 'x' WHERE name = 'edge-01'", {"serial"}),
        ("UPDATE dcim_device SET serial = ''", {"serial"}),
        ("UPDATE dcim_device SET name = name", set()),
        ("DELETE FROM extras_objectchange", {"rows", "keys"}),
    ],
)
def test_fingerprints_show_a_change_only_in_the_changed_column(statement, expected):
    execute("UPDATE dcim_device SET serial = 'y' WHERE name = 'edge-02'")
    before = fingerprints()
    execute(statement)
    after = fingerprints()
    touched = next(name for name in ("dcim_device", "extras_objectchange") if name in statement)
    assert changed(table(touched, before), table(touched, after)) >= expected
    assert bool(changed(table(touched, before), table(touched, after))) == bool(expected)
    others = set(before.tables) - {touched}
    assert all(before.tables[other] == after.tables[other] for other in others)


@pytest.mark.usefixtures("own_database")
def test_fingerprints_differ_after_swapping_values_of_two_rows():
    before = table("dcim_device")
    (one, a), (other, b) = execute(
        "SELECT id, name FROM dcim_device WHERE name LIKE 'edge-%' ORDER BY name LIMIT 2"
    )
    for key, name in ((one, "swapping"), (other, a), (one, b)):
        execute(f"UPDATE dcim_device SET name = '{name}' WHERE id = '{key}'")
    assert changed(before, table("dcim_device")) == {"name"}


def test_fingerprints_of_different_depths_agree():
    """A snapshot of keys and one of contents are comparable as far as the keys go."""
    by_depth = [
        collect_facts(topics=("fingerprints",), depth=depth).fingerprints for depth in DEPTHS
    ]
    for name in by_depth[0].tables:
        counts, keys, content, buckets = (table(name, one) for one in by_depth)
        assert counts.rows == keys.rows == content.rows == buckets.rows
        assert (counts.key_fingerprint, counts.columns, keys.columns) == (None, (), ())
        assert keys.key_fingerprint == content.key_fingerprint == buckets.key_fingerprint
        for one, other in zip(content.columns, buckets.columns, strict=True):
            assert replace(other, buckets="") == one
            assert len(other.buckets) == (256 * 16 if int(one.fingerprint, 16) else 0)


def test_fingerprints_cannot_be_guessed_without_the_secret_key():
    """A thief of the file can compute the hashes of the server for guessed values."""
    mine = collect_facts(topics=("fingerprints",), depth="buckets").fingerprints
    with override_settings(SECRET_KEY="of another installation"):
        guessed = collect_facts(topics=("fingerprints",), depth="buckets").fingerprints
    assert mine.key_id != guessed.key_id
    assert not set(every_fingerprint(mine)) & set(every_fingerprint(guessed))
    (reason,) = [
        one.reason
        for one in fingerprint_differences(mine, guessed)
        if isinstance(one, NotComparable)
    ]
    assert "SECRET_KEY" in reason


def every_fingerprint(found):
    """Yield all fingerprints of rows and values, except the zero of a column without values."""
    for one in found.tables.values():
        texts = [one.key_fingerprint or "", one.key_buckets]
        texts += [text for column in one.columns for text in (column.fingerprint, column.buckets)]
        for text in texts:
            yield from ({text[at : at + 16] for at in range(0, len(text), 16)} - {"0" * 16})


@pytest.mark.usefixtures("own_database")
def test_column_fingerprint_is_independent_of_other_columns():
    before = table("dcim_device")
    execute("ALTER TABLE dcim_device ADD COLUMN extra integer DEFAULT 7")
    execute("ALTER TABLE dcim_device DROP COLUMN comments")
    after = {one.name: one for one in table("dcim_device").columns}
    assert "comments" not in after
    for one in before.columns:
        if one.name != "comments":
            assert after[one.name] == one


LEDGERS = ("a_ledger", "z_ledger")


@pytest.fixture
def ledgers(own_database, monkeypatch):
    """Two tables, the first and the last to be read, that every transaction keeps equal."""
    for name in LEDGERS:
        execute(f"CREATE TABLE {name} (id integer PRIMARY KEY, amount integer)")
        for number in range(100):
            execute(f"INSERT INTO {name} VALUES ({number}, 1000)")
    for dialect in (fingerprints_postgresql, fingerprints_mysql):
        tables = dialect.read_table_info
        few = lambda connection, tables=tables: {  # noqa: E731
            name: shape for name, shape in tables(connection).items() if name in LEDGERS
        }
        monkeypatch.setattr(dialect, "read_table_info", few)


@pytest.mark.usefixtures("ledgers")
@pytest.mark.parametrize(
    ("before", "change", "expected"),
    [
        pytest.param(
            ["DELETE FROM a_ledger WHERE id IN (12, 13)"],
            ["UPDATE a_ledger SET id = id + 2 WHERE id IN (10, 11)"],
            {"keys"},
            id="keys whose characters differ in the same bits",
        ),
        pytest.param(
            ["UPDATE a_ledger SET amount = id + 10 WHERE id < 2"],
            ["UPDATE a_ledger SET amount = id + 12 WHERE id < 2"],
            {"amount"},
            id="values whose characters differ in the same bits",
        ),
        pytest.param(
            [
                "ALTER TABLE a_ledger ADD COLUMN note varchar(9)",
                "UPDATE a_ledger SET note = '' WHERE id = 1",
            ],
            [
                "UPDATE a_ledger SET note = NULL WHERE id = 1",
                "UPDATE a_ledger SET note = '' WHERE id = 2",
            ],
            {"note"},
            id="empty value in another row",
        ),
    ],
)
def test_fingerprints_show_changes_that_a_linear_checksum_hides(before, change, expected):
    for statement in before:
        execute(statement)
    earlier = table("a_ledger")
    for statement in change:
        execute(statement)
    assert changed(earlier, table("a_ledger")) >= expected


@pytest.mark.usefixtures("ledgers")
def test_fingerprints_under_concurrent_writes_show_one_instant():
    """An amount moves between rows, in both ledgers at once; they agree in every snapshot."""
    name, stop = connection.settings_dict["NAME"], threading.Event()

    def move():
        generator = random.Random(1)
        other = connections.create_connection("default")
        other.settings_dict["NAME"] = name
        with other.cursor() as cursor:
            while not stop.is_set():
                giver, taker = generator.sample(range(100), 2)
                amount = generator.randrange(1, 9)
                cursor.execute("BEGIN")
                for ledger in LEDGERS:
                    for row, change in ((giver, -amount), (taker, amount)):
                        cursor.execute(
                            f"UPDATE {ledger} SET amount = amount + {change} WHERE id = {row}"
                        )
                cursor.execute("COMMIT")
        other.close()

    writer = threading.Thread(target=move)
    writer.start()
    try:
        states = [fingerprints() for _ in range(50)]
    finally:
        stop.set()
        writer.join()
    for one in states:
        assert table("a_ledger", one) == table("z_ledger", one)
    assert len({column("amount", table("a_ledger", one)).fingerprint for one in states}) > 10
    ((total,),) = execute("SELECT sum(amount) FROM a_ledger")
    assert total == 100_000


@postgresql_only("MySQL holds no lock that could be seen between the statements of a migration")
@pytest.mark.usefixtures("own_database")
def test_fingerprints_during_a_migration_are_unavailable():
    other = connections.create_connection("default")
    other.settings_dict["NAME"] = connection.settings_dict["NAME"]
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("ALTER TABLE extras_tag ADD COLUMN half integer")
        assert "MigrationRunningError" in fingerprints().reason
        cursor.execute("ROLLBACK")
    other.close()
    assert not isinstance(fingerprints(), Unavailable)


def test_capture_with_snapshot_directory_writes_the_file(tmp_path, monkeypatch):
    folder = tmp_path / "snapshots"
    monkeypatch.setitem(
        settings.PLUGINS_CONFIG, "nautobot_upgrade_jobs", {"snapshot_directory": str(folder)}
    )
    captured = capture()
    (path,) = folder.iterdir()
    assert (path.name, path.read_bytes()) == (captured.name, captured.data)
    assert path.stat().st_mode & 0o077 == 0


def test_capture_with_unwritable_directory_raises_usage_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setitem(
        settings.PLUGINS_CONFIG, "nautobot_upgrade_jobs", {"snapshot_directory": str(blocked)}
    )
    with pytest.raises(UsageError, match=str(blocked)):
        capture()
    assert list(tmp_path.iterdir()) == [blocked]


def test_capture_job_attaches_a_valid_snapshot(rest):
    result = rest.run_job(JOB)
    assert (result["status"]["value"], result["result"]["verdict"]) == ("SUCCESS", "complete")
    ((name, data),) = rest.files(result["id"]).items()
    assert result["result"]["files"] == [name]
    snapshot = load(data)
    assert len(snapshot.facts.fingerprints.tables) == result["result"]["tables"]


@pytest.mark.parametrize("topic", ["derived_state", "filter_results"])
def test_listings_over_budget_are_unavailable(topic, monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.support.listings.BUDGET_SECONDS", -1)
    facts = getattr(collect_facts(topics=(topic,)), topic)
    assert {vars(facts)[name].reason for name in listing_fields(topic)} == {
        "the budget of -1 seconds was used up"
    }


def test_derived_state_invalid_object_leaves_the_others(own_database):
    ComputedField.objects.update(template="{{ obj.name.no.such }}")
    GraphQLQuery.objects.filter(name="Sample locations").update(query="{ nothing { id } }")
    derived_state = collect_facts(topics=("derived_state",)).derived_state
    assert "error" in derived_state.computed_fields.items["dcim.device.sample_line"]
    assert derived_state.graphql_queries.items["Sample locations"].startswith("invalid: ")
    assert derived_state.graphql_queries.items["Sample interfaces"] == "valid"
    assert derived_state.custom_fields.user_data == tuple(derived_state.custom_fields.counts)


def test_filter_results_invalid_filter_leaves_the_others(own_database):
    DynamicGroup.objects.filter(name="Sample by name").update(filter={"no_such": ["x"]})
    SavedView.objects.create(
        name="edge",
        owner=get_user_model().objects.first(),
        view="dcim:device_list",
        config={"filter_params": {"name__isw": ["edge"]}},
    )
    results = collect_facts(topics=("filter_results",)).filter_results
    assert "4 members" in results.object_permissions.items["Sample devices: dcim.device"]
    assert results.object_permissions.counts["Sample devices: dcim.device"] == 4
    (view,) = [name for name in results.saved_views.items if " / edge of " in name]
    assert results.saved_views.counts[view] == len(Device.objects.filter(name__istartswith="edge"))
