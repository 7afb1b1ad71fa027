"""Differences that the schema changes of migrations explain."""

import pytest

from nautobot_upgrade_jobs.facts.schema import Schema
from nautobot_upgrade_jobs.snapshot import migration_effects
from nautobot_upgrade_jobs.snapshot.migration_effects import m2m_table_names
from tests.support.builders import added, altered, altering, removed, renamed
from tests.support.snapshot_states import (
    EMPTY,
    column,
    found,
    listings,
    old,
    rows_of,
    state,
    table,
    unexplained,
    upgraded,
)

INDEX = "btree (name)"


@pytest.mark.parametrize(
    ("change", "section", "subject", "definition", "explained"),
    [
        pytest.param(added("t", "name"), "columns", "t.name", "text", True, id="added column"),
        pytest.param(
            added("t", "owner"), "columns", "t.owner_id", "uuid", True, id="added foreign key"
        ),
        pytest.param(added("t"), "columns", "t.name", "text", True, id="column of added table"),
        pytest.param(
            renamed("t", "before", to="name"), "columns", "t.name", "text", True, id="new name"
        ),
        pytest.param(added("t"), "indexes", "t.t_name_idx", INDEX, True, id="index of added table"),
        pytest.param(
            altered("t", "name"), "indexes", "t.t_name_idx", INDEX, True, id="index of the column"
        ),
        pytest.param(
            altered("t"), "indexes", "t.t_name_idx", INDEX, True, id="index of the altered table"
        ),
        pytest.param(
            added("t", "tags"), "columns", "t_tags.id", "uuid", True, id="many-to-many table"
        ),
        pytest.param(
            altered("t"), "columns", "t.name", "text", False, id="column of an altered table"
        ),
        pytest.param(added("t", "other"), "columns", "t.name", "text", False, id="other column"),
        pytest.param(
            altered("t", "other"), "indexes", "t.t_name_idx", INDEX, False, id="index of another"
        ),
        pytest.param(added("t2"), "columns", "t.name", "text", False, id="longer table name"),
        pytest.param(added("t"), "columns", "t2.name", "text", False, id="shorter table name"),
        pytest.param(None, "constraints", "t.t_check", "CHECK", False, id="no change"),
    ],
)
def test_explain_schema_difference_by_migration(change, section, subject, definition, explained):
    migration = altering("dcim.0098", *([change] if change else []))
    after = upgraded(migration, schema=listings("schema", **{section: {subject: definition}}))
    expected = [] if explained else [("unexpected", f"schema.{section}", subject)]
    assert unexplained(old(), after) == expected


def test_explain_asks_only_the_changes_of_the_table(monkeypatch):
    """A file from outside can contain as many migrations as differences."""
    asked = []
    monkeypatch.setattr(
        migration_effects, "accounts_for", lambda change, _: asked.append(change.table)
    )
    names = [f"t{number}" for number in range(50)]
    migrations = [altering(f"dcim.{name}", added(name, "name")) for name in names]
    columns = {f"{name}.name": "text" for name in names}
    unexplained(old(), upgraded(*migrations, schema=listings("schema", columns=columns)))
    assert asked == sorted(names)


def test_explain_invalid_index_is_never_explained():
    schema = Schema(
        EMPTY, listings("schema", indexes={"t.t_name_idx": INDEX}).indexes, EMPTY, ("t.t_name_idx",)
    )
    after = upgraded(altering("dcim.0098", altered("t", "name")), schema=schema)
    assert unexplained(old(), after) == [("unexpected", "schema.indexes", "t.t_name_idx")]


def test_explain_schema_difference_without_new_migration_is_unexpected():
    after = state(schema=listings("schema", columns={"t.name": "text"}))
    assert unexplained(state(), after) == [("unexpected", "schema.columns", "t.name")]


def test_m2m_table_names_truncates_as_django():
    """As on PostgreSQL after nautobot-device-lifecycle-mgmt 3.2.4 was upgraded to 4.2.1."""
    model = "nautobot_device_lifecycle_mgmt_validatedsoftwarelcm"
    truncated = "nautobot_device_lifecycle_mgmt_validatedsoftwarelcm_device_a4e6"
    assert truncated in m2m_table_names(model, "device_tenants")
    assert list(m2m_table_names("dcim_device", "tags")) == ["dcim_device_tags"]


@pytest.mark.parametrize(
    ("change", "explained"),
    [
        pytest.param(removed("t", "name"), True, id="column removed"),
        pytest.param(removed("t"), True, id="table removed"),
        pytest.param(renamed("t", "name", to="title"), True, id="column renamed"),
        pytest.param(added("t", "name"), False, id="column added"),
        pytest.param(altered("t", "name"), False, id="column altered"),
        pytest.param(added("t"), False, id="table added"),
    ],
)
def test_explain_missing_column_only_by_removal_or_rename(change, explained):
    before = old(schema=listings("schema", columns={"t.name": "text"}))
    after = upgraded(altering("dcim.0098", change))
    kinds = [kind for kind, section, _ in found(before, after) if section == "schema.columns"]
    assert kinds == ["expected" if explained else "unexpected"]


RENAME = renamed("t", "name", to="title")


@pytest.mark.parametrize(
    ("change", "after", "kinds"),
    [
        pytest.param(RENAME, table(column("title")), {"expected"}, id="same content"),
        pytest.param(
            RENAME,
            table(column("title", "00000000000000ff")),
            {"expected", "lost"},
            id="other content",
        ),
        pytest.param(RENAME, table(), {"lost"}, id="no new column"),
        pytest.param(
            removed("t", "name"), table(column("title")), {"lost", "unexpected"}, id="not renamed"
        ),
    ],
)
def test_explain_renamed_column_only_with_same_content(change, after, kinds):
    other = column("other")
    after = table(*after.columns, other)
    states = (
        old(fingerprints=rows_of(t=table(column("name"), other))),
        upgraded(altering("dcim.0098", change), fingerprints=rows_of(t=after)),
    )
    assert {kind for kind, section, _ in found(*states) if section == "fingerprints"} == kinds


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        pytest.param(3, "expected", id="same rows"),
        pytest.param(2, "lost", id="fewer rows"),
    ],
)
def test_explain_renamed_table_only_with_same_content(rows, kind):
    before = old(fingerprints=rows_of(t=table(rows=3)))
    migration = altering("dcim.0098", renamed("t", to="u"))
    after = upgraded(migration, fingerprints=rows_of(u=table(rows=rows)))
    assert (kind, "fingerprints", "t") in found(before, after)


@pytest.mark.parametrize(
    ("change", "explained"),
    [
        pytest.param(added("t", "name"), True, id="reversed addition"),
        pytest.param(renamed("t", "before", to="name"), True, id="reversed rename"),
        pytest.param(removed("t", "name"), False, id="reversed removal"),
    ],
)
def test_explain_missing_column_by_reversed_migration(change, explained):
    columns = listings("schema", columns={"t.name": "text"})
    before = upgraded(altering("dcim.0098", change), schema=columns)
    kinds = [kind for kind, section, _ in found(before, old()) if section == "schema.columns"]
    assert kinds == ["expected" if explained else "unexpected"]
