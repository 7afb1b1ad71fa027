"""Differences that the catalog explains, or that are volatile."""

import pytest

from nautobot_upgrade_jobs.facts.migrations import Migration
from nautobot_upgrade_jobs.snapshot.compare import compare
from tests.support.builders import CATALOG, added, altering
from tests.support.snapshot_states import (
    column,
    counted,
    found,
    listings,
    old,
    rows_of,
    state,
    table,
    unexplained,
    upgraded,
)

ASSIGNMENTS = "derived_state.content_type_assignments"
GROUPS = "filter_results.dynamic_groups"


@pytest.mark.parametrize(
    ("section", "before", "after", "unexpected"),
    [
        pytest.param(
            ASSIGNMENTS, {"role A": "dcim.x"}, {"role A": "dcim.x, dcim.y"}, [], id="more types"
        ),
        pytest.param(
            ASSIGNMENTS,
            {"role A": "dcim.x, dcim.y"},
            {"role A": "dcim.x"},
            ["role A"],
            id="fewer types",
        ),
        pytest.param(ASSIGNMENTS, {}, {"role B": "vpn.x"}, [], id="new role"),
        pytest.param(ASSIGNMENTS, {"role B": "vpn.x"}, {}, ["role B"], id="missing role"),
        pytest.param("ui_registry.home_panels", {}, {"VPN": "weight 550"}, [], id="new panel"),
        pytest.param(
            "ui_registry.home_panels", {"DCIM": "weight 1"}, {}, ["DCIM"], id="missing panel"
        ),
        pytest.param(
            "automation.jobs", {}, {"nautobot.core.jobs.New": "installed"}, [], id="new system Job"
        ),
        pytest.param(
            "automation.jobs", {}, {"my.Job": "installed"}, ["my.Job"], id="new Job of users"
        ),
        pytest.param(
            GROUPS,
            counted("dcim.device, dynamic-filter: 3 members, aa", 3),
            counted("dcim.device, dynamic-filter: 4 members, bb", 4),
            ["x"],
            id="more devices in a group",
        ),
        pytest.param(
            GROUPS,
            counted("extras.job, dynamic-filter: 3 members, aa", 3),
            counted("extras.job, dynamic-filter: 4 members, bb", 4),
            [],
            id="more Jobs in a group",
        ),
        pytest.param(
            GROUPS,
            counted("extras.job, dynamic-filter: 3 members, aa", 3),
            counted("extras.job, dynamic-filter: 2 members, bb", 2),
            ["x"],
            id="fewer Jobs in a group",
        ),
    ],
)
def test_explain_additions_by_an_upgrade_are_expected(section, before, after, unexpected):
    topic, _, field = section.partition(".")
    states = [{topic: listings(topic, **{field: listing})} for listing in (before, after)]
    changes = unexplained(old(**states[0]), upgraded(**states[1]))
    assert [subject for _, _, subject in changes] == unexpected
    same_release = found(state(**states[0]), state(**states[1]))
    assert [kind for kind, _, _ in same_release] == ["unexpected"]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        pytest.param(4, "expected", id="all values"),
        pytest.param(3, "lost", id="not all values"),
        pytest.param(0, "lost", id="no values"),
    ],
)
def test_explain_moved_cable_ends_only_if_all_values_have_a_row(rows, kind):
    """Each of the four values in the old columns needs a row in the new table."""
    ends = tuple(column(f"termination_{side}_id", non_null_count=2) for side in "ab")
    migrations = tuple(
        Migration(f"dcim.{name}", (), ())
        for name in ("0089_populate_cabletocabletermination", "0090_remove_cable_old_gfk_fields")
    )
    label = column("label")
    before = old(fingerprints=rows_of(dcim_cable=table(label, *ends)))
    moved = {"dcim_cabletocabletermination": table(rows=rows)} if rows else {}
    after = upgraded(*migrations, fingerprints=rows_of(dcim_cable=table(label), **moved))
    changes = [
        change for change in compare(before, after, CATALOG) if "termination_" in change.subject
    ]
    assert [change.kind.value for change in changes] == [kind, kind]
    for change in changes:
        assert ("dcim_cabletocabletermination" in change.description) is (kind == "lost")


SITE = ("dcim.0036_remove_site_foreign_key_from_dcim_models", "dcim_rack.site_id")
REGION = ("dcim.0040_remove_region_and_site", "dcim_region")


@pytest.mark.parametrize(
    ("values", "is_lost"),
    [
        pytest.param(3, False, id="all values"),
        pytest.param(4, False, id="and values of its own"),
        pytest.param(2, True, id="not all values"),
        pytest.param(0, True, id="no values"),
    ],
)
def test_explain_values_that_moved_to_a_column_of_the_same_table(values, is_lost):
    migration, subject = SITE
    site = column("site_id", non_null_count=3)
    location = column("location_id", non_null_count=values)
    before = old(fingerprints=rows_of(dcim_rack=table(column("label"), site, rows=5)))
    after = upgraded(
        Migration(migration, (), ()),
        fingerprints=rows_of(dcim_rack=table(column("label"), location, rows=5)),
    )
    lost = [one for one in unexplained(before, after) if one[0] == "lost"]
    assert lost == ([("lost", "fingerprints", subject)] if is_lost else [])


@pytest.mark.parametrize(
    ("locations", "is_lost"),
    [
        pytest.param(6, False, id="all rows"),
        pytest.param(7, False, id="and one for regions without a parent"),
        pytest.param(5, True, id="not all rows"),
    ],
)
def test_explain_tables_that_moved_to_a_table_with_rows_of_its_own(locations, is_lost):
    migration, subject = REGION
    key = {"dcim_location": 2, "dcim_region": 2, "dcim_site": 2}
    before = old(
        fingerprints=rows_of(
            **{
                name: table(column("id", non_null_count=rows), rows=rows)
                for name, rows in key.items()
            }
        )
    )
    after = upgraded(
        *(Migration(name, (), ()) for name in (migration, GROWS)),
        fingerprints=rows_of(dcim_location=table(column("id"), rows=locations)),
    )
    lost = {one[2] for one in unexplained(before, after) if one[0] == "lost"}
    assert (subject in lost) is is_lost


GROWS = "dcim.0034_migrate_region_and_site_data_to_locations"


def test_explain_rewritten_values_only_with_the_migration():
    before = old(fingerprints=rows_of(dcim_interface=table(column("type"))))
    rewritten = rows_of(dcim_interface=table(column("type", "00000000000000ff")))
    migration = Migration("dcim.0085_fix_128gfc_qsfp28_typo", (), ())
    assert unexplained(before, upgraded(migration, fingerprints=rewritten)) == []
    assert unexplained(before, upgraded(fingerprints=rewritten)) == [
        ("unexpected", "fingerprints", "dcim_interface.type")
    ]


LOSSES = {
    "all metadata although the migration removes orphans only": (
        "extras.0144_delete_orphaned_object_metadata",
        {
            "extras_objectmetadata": table(
                column("assigned_object_type_id", non_null_count=2), rows=3
            )
        },
        {
            "extras_objectmetadata": table(
                column("assigned_object_type_id", non_null_count=0), rows=0
            )
        },
    ),
    "rules that were not moved": (
        "data_validation.0002_data_migration_from_app",
        {"nautobot_data_validation_engine_minmaxvalidationrule": table(column("id"))},
        {
            "nautobot_data_validation_engine_minmaxvalidationrule": table(
                rows=0, key_fingerprint="0" * 16
            )
        },
    ),
    "emptied types": (
        "dcim.0085_fix_128gfc_qsfp28_typo",
        {"dcim_interface": table(column("type"))},
        {"dcim_interface": table(column("type", "0" * 16, 0))},
    ),
    "values of remaining rows in a table with added rows": (
        "",
        {"extras_status": table(column("color", non_null_count=3))},
        {"extras_status": table(column("color", "f" * 16, 1), rows=4, key_fingerprint="f" * 16)},
    ),
    "a missing volatile column": (
        "",
        {"users_user": table(column("last_login"), column("x"))},
        {"users_user": table(column("x"))},
    ),
    "an emptied log": (
        "",
        {"extras_objectchange": table()},
        {"extras_objectchange": table(rows=0)},
    ),
    "the table of a log": ("", {"extras_objectchange": table()}, {}),
}


@pytest.mark.parametrize("name", LOSSES)
def test_explain_unexplained_loss_is_lost(name):
    migration, before, after = LOSSES[name]
    applied = (Migration(migration, (), ()),) if migration else ()
    kinds = {
        kind
        for kind, _, _ in found(
            old(fingerprints=rows_of(**before)), upgraded(*applied, fingerprints=rows_of(**after))
        )
    }
    assert "lost" in kinds


def test_explain_removed_orphaned_metadata_is_expected():
    kept = column("assigned_object_type_id", non_null_count=2)
    migration = Migration("extras.0144_delete_orphaned_object_metadata", (), ())
    before = old(fingerprints=rows_of(extras_objectmetadata=table(kept, rows=3)))
    after = upgraded(
        migration,
        fingerprints=rows_of(extras_objectmetadata=table(kept, rows=2, key_fingerprint="f" * 16)),
    )
    assert ("expected", "fingerprints", "extras_objectmetadata") in found(before, after)


def test_explain_moved_rules_are_expected():
    name = "nautobot_data_validation_engine_minmaxvalidationrule"
    migrations = (
        altering("data_validation.0001_initial", added("data_validation_minmaxrule")),
        Migration("data_validation.0002_data_migration_from_app", (), ()),
    )
    before = old(fingerprints=rows_of(**{name: table(column("id"))}))
    after = upgraded(
        *migrations,
        fingerprints=rows_of(**{name: table(rows=0), "data_validation_minmaxrule": table()}),
    )
    assert [entry for entry in unexplained(before, after) if entry[1] == "fingerprints"] == []
