"""What changed between two states, and was it to be expected?"""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Apps, Facts, Migrations, Packages, Unavailable
from nautobot_upgrade_jobs.facts.migrations import Migration
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.snapshot.compare import Kind, compare, sections
from nautobot_upgrade_jobs.snapshot.listing_diff import LISTED_TOPICS
from nautobot_upgrade_jobs.snapshot.migration_effects import many_to_many_tables
from tests.support.builders import CATALOG, altering, app, runtime, setting, settings
from tests.support.snapshot_states import column, found, listings, rows_of, state, table


def test_the_same_state_has_no_changes():
    assert found(state(), state()) == []


@pytest.mark.parametrize("topic", Facts.topics())
def test_a_missing_topic_is_never_called_equal(topic):
    """Of what a comparison is about; the other topics say nothing of what was before."""
    for before, after in (
        (state(**{topic: Unavailable("no access")}), state()),
        (state(), state(**{topic: Unavailable("no access")})),
    ):
        kinds = {one.kind for one in compare(before, after, CATALOG)}
        assert kinds == ({Kind.NOT_COMPARABLE} if topic in COMPARED else set())


COMPARED = {"runtime", "database", "redis", "packages", "apps", "settings", "migrations"} | {
    "system_checks",
    "storage",
    "fingerprints",
    *LISTED_TOPICS,
}


@pytest.mark.parametrize("topic", LISTED_TOPICS)
def test_every_listing_of_every_topic_is_compared(topic):
    for section in sections():
        own, _, field = section.partition(".")
        if own != topic:
            continue
        before = state(**{topic: listings(topic, **{field: {"thing": "old"}})})
        after = state(**{topic: listings(topic, **{field: {"thing": "new"}})})
        assert found(before, after) == [("unexpected", section, "thing")]
        assert [one[0] for one in found(before, state())] == [
            "lost" if section == "files.media" else "unexpected"
        ]


@pytest.mark.parametrize(
    ("was", "now", "story"),
    [
        (
            "str, digest 0123456789abcdef",
            "str, digest fedcba9876543210",
            "is another one than before: str",
        ),
        (
            "str, digest 0123456789abcdef",
            "int, digest fedcba9876543210",
            "was: str; now it is: int",
        ),
        ("0123456789abcdef", "fedcba9876543210", "is another one than before"),
        (
            "3 members, 0123456789abcdef",
            "3 members, fedcba9876543210",
            "is another one than before: 3 members",
        ),
        (
            "3 members, 0123456789abcdef",
            "4 members, fedcba9876543210",
            "was: 3 members; now it is: 4 members",
        ),
        ("enabled", "disabled", "was: enabled; now it is: disabled"),
    ],
)
def test_a_story_spares_the_reader_digests(was, now, story):
    before, after = (
        state(automation=listings("automation", hooks={"x": text})) for text in (was, now)
    )
    (change,) = compare(before, after, CATALOG)
    assert (change.story, change.before, change.after) == (f"x {story}", was, now)


@pytest.mark.parametrize(
    ("before", "after", "subject"),
    [
        (settings(), settings(values=(setting("DEBUG"),)), "DEBUG"),
        (settings(values=(setting("DEBUG"),)), settings(), "DEBUG"),
        (
            settings(values=(setting("DEBUG"),)),
            settings(values=(replace(setting("DEBUG"), digest="f" * 16),)),
            "DEBUG",
        ),
        (settings(), settings(environment=("NAUTOBOT_DEBUG",)), "$NAUTOBOT_DEBUG"),
        (settings(), settings(), None),
    ],
)
def test_settings(before, after, subject):
    expected = [("unexpected", "settings", subject)] if subject else []
    assert found(state(settings=before), state(settings=after)) == expected


def upgraded(*migrations, **changes):
    """The state of 3.2.7 after an upgrade from 2.4.44 that applied these migrations."""
    recorded = tuple(one.key for one in migrations)
    return state(
        "3.2.7",
        migrations=Migrations(migrations, ("dcim.0001_initial", *recorded), ("dcim",)),
        **changes,
    )


def old(**changes):
    return state("2.4.44", **changes)


def unexplained(before, after):
    return [one for one in found(before, after) if one[0] != "expected"]


INDEX = "btree (name)"


@pytest.mark.parametrize(
    ("change", "section", "subject", "text", "explained"),
    [
        ("t.name", "columns", "t.name", "text", True),
        ("t.owner", "columns", "t.owner_id", "uuid", True),
        ("t", "columns", "t.name", "text", True),
        ("t.was>t.name", "columns", "t.name", "text", True),
        ("t", "indexes", "t.t_name_idx", INDEX, True),
        ("t.name", "indexes", "t.t_name_idx", INDEX, True),
        ("t.", "indexes", "t.t_name_idx", INDEX, True),
        ("t.tags", "columns", "t_tags.id", "uuid", True),
        ("t.", "columns", "t.name", "text", False),
        ("t.other", "columns", "t.name", "text", False),
        ("t.other", "indexes", "t.t_name_idx", INDEX, False),
        ("t.name", "indexes", "t.t_name_idx", f"{INDEX} INVALID", False),
        ("t2", "columns", "t.name", "text", False),
        ("t", "columns", "t2.name", "text", False),
        ("", "constraints", "t.t_check", "CHECK", False),
    ],
)
def test_a_change_of_the_schema_is_explained_by_a_migration(
    change, section, subject, text, explained
):
    migration = altering("dcim.0098", change)
    after = upgraded(migration, schema=listings("schema", **{section: {subject: text}}))
    expected = [] if explained else [("unexpected", f"schema.{section}", subject)]
    assert unexplained(old(), after) == expected


def test_a_long_name_of_a_relation_is_cut_as_django_cuts_it():
    """As on PostgreSQL after nautobot-device-lifecycle-mgmt 3.2.4 was upgraded to 4.2.1."""
    model = "nautobot_device_lifecycle_mgmt_validatedsoftwarelcm"
    cut = "nautobot_device_lifecycle_mgmt_validatedsoftwarelcm_device_a4e6"
    assert cut in many_to_many_tables(model, "device_tenants")
    assert list(many_to_many_tables("dcim_device", "tags")) == ["dcim_device_tags"]


@pytest.mark.parametrize(
    ("change", "explained"),
    [("-t.name", True), ("-t", True), ("t.name>t.title", True), ("t.name", False), ("t", False)],
)
def test_a_column_goes_only_by_what_takes_it_away(change, explained):
    before = old(schema=listings("schema", columns={"t.name": "text"}))
    after = upgraded(altering("dcim.0098", change))
    kinds = [kind for kind, section, _ in found(before, after) if section == "schema.columns"]
    assert kinds == ["expected" if explained else "unexpected"]


@pytest.mark.parametrize(
    ("change", "now", "kinds"),
    [
        ("t.name>t.title", table(column("title")), {"expected"}),
        ("t.name>t.title", table(column("title", "00000000000000ff")), {"expected", "lost"}),
        ("t.name>t.title", table(), set()),
        ("-t.name", table(column("title")), {"lost", "unexpected"}),
    ],
)
def test_a_column_by_another_name_has_to_hold_the_same(change, now, kinds):
    before = old(fingerprints=rows_of(t=table(column("name"), column("x"))))
    columns = (*now.columns, column("x"))
    after = upgraded(
        altering("dcim.0098", change),
        fingerprints=rows_of(t=replace(now, columns=columns)),
    )
    seen = {kind for kind, section, _ in found(before, after) if section == "fingerprints"}
    assert seen == (kinds or {"lost"})


def test_a_table_by_another_name_has_to_hold_the_same():
    before = old(fingerprints=rows_of(t=table(rows=3)))
    for rows, kind in ((3, "expected"), (2, "lost")):
        after = upgraded(altering("dcim.0098", "t>u"), fingerprints=rows_of(u=table(rows=rows)))
        assert (kind, "fingerprints", "t") in found(before, after)


def test_without_a_new_migration_the_schema_stays():
    after = state(schema=listings("schema", columns={"t.name": "text"}))
    assert unexplained(state(), after) == [("unexpected", "schema.columns", "t.name")]


@pytest.mark.parametrize(("rows", "kind"), [(4, "expected"), (3, "lost"), (0, "lost")])
def test_cables_have_moved_only_if_every_end_did(rows, kind):
    """Each of the four values of the old columns has to be a row of the new table."""
    ends = tuple(column(f"termination_{side}_id", non_null_count=2) for side in "ab")
    migrations = tuple(
        Migration(f"dcim.{name}", (), ())
        for name in ("0089_populate_cabletocabletermination", "0090_remove_cable_old_gfk_fields")
    )
    label = column("label")
    before = old(fingerprints=rows_of(dcim_cable=table(label, *ends)))
    moved = {"dcim_cabletocabletermination": table(rows=rows)} if rows else {}
    after = upgraded(*migrations, fingerprints=rows_of(dcim_cable=table(label), **moved))
    changes = [one for one in compare(before, after, CATALOG) if "termination_" in one.subject]
    assert [one.kind.value for one in changes] == [kind, kind]
    says = f"dcim_cabletocabletermination should have 4 rows for it, and has {rows}"
    assert all((says in one.story) is (kind == "lost") for one in changes)


@pytest.mark.parametrize(
    ("section", "before", "after", "unexpected"),
    [
        (
            "derived_state.content_type_assignments",
            {"role A": "dcim.x"},
            {"role A": "dcim.x, dcim.y"},
            [],
        ),
        (
            "derived_state.content_type_assignments",
            {"role A": "dcim.x, dcim.y"},
            {"role A": "dcim.x"},
            ["role A"],
        ),
        ("derived_state.content_type_assignments", {}, {"role B": "vpn.x"}, []),
        ("derived_state.content_type_assignments", {"role B": "vpn.x"}, {}, ["role B"]),
        ("ui_registry.home_panels", {}, {"VPN": "weight 550"}, []),
        ("ui_registry.home_panels", {"DCIM": "weight 1"}, {}, ["DCIM"]),
        ("automation.jobs", {}, {"nautobot.core.jobs.New": "installed"}, []),
        ("automation.jobs", {}, {"my.Job": "installed"}, ["my.Job"]),
        (
            "derived_state.dynamic_groups",
            {"g": "dcim.device, dynamic-filter: 3 members, aa"},
            {"g": "dcim.device, dynamic-filter: 4 members, bb"},
            ["g"],
        ),
        (
            "derived_state.dynamic_groups",
            {"g": "extras.job, dynamic-filter: 3 members, aa"},
            {"g": "extras.job, dynamic-filter: 4 members, bb"},
            [],
        ),
        (
            "derived_state.dynamic_groups",
            {"g": "extras.job, dynamic-filter: 3 members, aa"},
            {"g": "extras.job, dynamic-filter: 2 members, bb"},
            ["g"],
        ),
    ],
)
def test_what_an_upgrade_brings_is_expected_and_what_it_takes_is_not(
    section, before, after, unexpected
):
    topic, _, field = section.partition(".")
    changes = unexplained(
        old(**{topic: listings(topic, **{field: before})}),
        upgraded(**{topic: listings(topic, **{field: after})}),
    )
    assert [subject for _, _, subject in changes] == unexpected
    same_release = found(
        state(**{topic: listings(topic, **{field: before})}),
        state(**{topic: listings(topic, **{field: after})}),
    )
    assert [kind for kind, _, _ in same_release] == ["unexpected"]


@pytest.mark.parametrize(
    ("page", "version", "explained"),
    [
        ("plugins:nautobot_example:list", "3.0", True),
        ("plugins:nautobot_example:list", "2.0.0", False),
        ("plugins:nautobot_other:list", "3.0", False),
        ("plugins:nautobot_example_more:list", "3.0", False),
    ],
)
def test_a_page_goes_only_with_another_release_of_its_app(page, version, explained):
    before = state(
        apps=Apps((app(),), ()), ui_registry=listings("ui_registry", app_pages={page: "x"})
    )
    after = state(apps=Apps((app(version=version),), ()))
    pages = [
        kind for kind, section, _ in found(before, after) if section == "ui_registry.app_pages"
    ]
    assert pages == ["expected" if explained else "unexpected"]


def test_rows_that_a_migration_rewrites_are_expected_only_with_the_migration():
    before = old(fingerprints=rows_of(dcim_interface=table(column("type"))))
    rewritten = rows_of(dcim_interface=table(column("type", "00000000000000ff")))
    migration = Migration("dcim.0085_fix_128gfc_qsfp28_typo", (), ())
    assert unexplained(before, upgraded(migration, fingerprints=rewritten)) == []
    assert unexplained(before, upgraded(fingerprints=rewritten)) == [
        ("unexpected", "fingerprints", "dcim_interface.type")
    ]


def packages(*installed):
    return Packages(tuple(Package(name, version, asks, "") for name, version, asks in installed))


CORE = ("nautobot", "2.4.44", ("lib<2", "opt[more]"))
NEW_CORE = ("nautobot", "3.2.7", ("lib<3", "opt[more]"))


@pytest.mark.parametrize(
    ("before", "after", "unexpected"),
    [
        # lib 2 became possible with the new core, and lib 1 stays possible
        ([CORE, ("lib", "1.0", ())], [NEW_CORE, ("lib", "2.0", ())], []),
        ([CORE, ("lib", "1.0", ())], [NEW_CORE, ("lib", "1.1", ())], ["lib"]),
        ([CORE, ("lib", "1.0", ())], [NEW_CORE, ("lib", "1.0", ())], []),
        # what is there now accepts neither; it was put there by hand
        ([CORE, ("lib", "1.0", ())], [NEW_CORE, ("lib", "3.1", ())], ["lib"]),
        # nobody asks for it
        ([CORE], [NEW_CORE, ("other", "1.0", ())], ["other"]),
        ([CORE, ("other", "1.0", ())], [NEW_CORE], ["other"]),
        # asked for by an extra that somebody asks for
        (
            [CORE, ("opt", "1.0", ())],
            [NEW_CORE, ("opt", "1.0", ("extra_lib; extra == 'more'",)), ("extra-lib", "1.0", ())],
            [],
        ),
        (
            [CORE, ("opt", "1.0", ())],
            [NEW_CORE, ("opt", "1.0", ("extra_lib; extra == 'less'",)), ("extra-lib", "1.0", ())],
            ["extra-lib"],
        ),
        # the newer one could not have been there before
        (
            [CORE, ("base", "1.0", ()), ("top", "1.0", ())],
            [
                ("nautobot", "3.2.7", ("base>=2",)),
                ("base", "2.0", ()),
                ("top", "2.0", ("base>=2",)),
            ],
            [],
        ),
        # what nobody can read explains nothing and breaks nothing
        ([CORE, ("lib", "1.0", ("???",))], [NEW_CORE, ("lib", "not a version", ())], ["lib"]),
    ],
)
def test_packages(before, after, unexpected):
    changes = unexplained(old(packages=packages(*before)), upgraded(packages=packages(*after)))
    assert [subject for _, section, subject in changes if section == "packages"] == unexpected


def test_another_python_is_expected_only_in_another_environment():
    before = old()
    for prefix, expected in (("/opt/new", []), ("/opt/nautobot", ["Python"])):
        after = upgraded(runtime=runtime(nautobot="3.2.7", python="3.12.1", prefix=prefix))
        assert [subject for _, _, subject in unexplained(before, after)] == expected


def test_the_way_back_forgets_migrations_that_the_older_release_does_not_have():
    newer = upgraded(altering("vpn.0001_initial", "vpn_vpn"))
    back = state("2.4.44", migrations=replace(state().migrations, recorded=("dcim.0001_initial",)))
    assert unexplained(newer, back) == [("unexpected", "installation", "Nautobot")]
    forgotten = state(
        "3.2.8", migrations=replace(newer.migrations, recorded=("dcim.0001_initial",))
    )
    assert ("unexpected", "migrations", "vpn.0001_initial") in found(newer, forgotten)


LOSSES = {
    "all metadata, where the migration removes orphans": (
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
    "rules that did not arrive": (
        "data_validation.0002_data_migration_from_app",
        {"nautobot_data_validation_engine_minmaxvalidationrule": table(column("id"))},
        {
            "nautobot_data_validation_engine_minmaxvalidationrule": table(
                rows=0, key_fingerprint="0" * 16
            )
        },
    ),
    "types that were emptied, not corrected": (
        "dcim.0085_fix_128gfc_qsfp28_typo",
        {"dcim_interface": table(column("type"))},
        {"dcim_interface": table(column("type", "0" * 16, 0))},
    ),
    "values of rows that stayed, in a table that grew": (
        "",
        {"extras_status": table(column("color", non_null_count=3))},
        {"extras_status": table(column("color", "f" * 16, 1), rows=4, key_fingerprint="f" * 16)},
    ),
    "a time that is there no more": (
        "",
        {"users_user": table(column("last_login"), column("x"))},
        {"users_user": table(column("x"))},
    ),
    "a whole log": ("", {"extras_objectchange": table()}, {"extras_objectchange": table(rows=0)}),
    "the table of a log": ("", {"extras_objectchange": table()}, {}),
}


@pytest.mark.parametrize("what", LOSSES)
def test_a_loss_is_a_loss_whatever_else_the_upgrade_does(what):
    migration, before, after = LOSSES[what]
    applied = (Migration(migration, (), ()),) if migration else ()
    kinds = {
        kind
        for kind, _, _ in found(
            old(fingerprints=rows_of(**before)), upgraded(*applied, fingerprints=rows_of(**after))
        )
    }
    assert "lost" in kinds


def test_orphaned_metadata_may_go():
    kept = column("assigned_object_type_id", non_null_count=2)
    migration = Migration("extras.0144_delete_orphaned_object_metadata", (), ())
    before = old(fingerprints=rows_of(extras_objectmetadata=table(kept, rows=3)))
    after = upgraded(
        migration,
        fingerprints=rows_of(extras_objectmetadata=table(kept, rows=2, key_fingerprint="f" * 16)),
    )
    assert ("expected", "fingerprints", "extras_objectmetadata") in found(before, after)


def test_rules_that_arrived_have_moved():
    name = "nautobot_data_validation_engine_minmaxvalidationrule"
    migrations = (
        altering("data_validation.0001_initial", "data_validation_minmaxrule"),
        Migration("data_validation.0002_data_migration_from_app", (), ()),
    )
    before = old(fingerprints=rows_of(**{name: table(column("id"))}))
    after = upgraded(
        *migrations,
        fingerprints=rows_of(**{name: table(rows=0), "data_validation_minmaxrule": table()}),
    )
    assert [one for one in unexplained(before, after) if one[1] == "fingerprints"] == []


@pytest.mark.parametrize("later", ["3.2.1", "2.4.44"])
def test_an_older_release_than_before_is_not_the_upgrade(later):
    before, after = state("3.2.7"), state(later)
    assert found(before, after) == [("unexpected", "installation", "Nautobot")]


def test_values_of_a_table_that_was_to_grow_are_said_to_be_unseen():
    before = old(fingerprints=rows_of(extras_status=table(column("color"))))
    grown = table(column("color", "f" * 16, 4), rows=4, key_fingerprint="f" * 16)
    assert found(before, upgraded(fingerprints=rows_of(extras_status=grown)))[-2:] == [
        ("expected", "fingerprints", "extras_status"),
        ("not_comparable", "fingerprints", "extras_status values"),
    ]


@pytest.mark.parametrize(
    ("section", "was", "now", "kind"),
    [
        ("custom_fields", "5 values", "4 values", "lost"),
        ("custom_fields", "4 values", "5 values", "unexpected"),
        ("relationships", "x, 5 associations", "x, 0 associations", "lost"),
        (
            "dynamic_groups",
            "dcim.device, static: 5 members, a",
            "dcim.device, static: 4 members, b",
            "lost",
        ),
        (
            "dynamic_groups",
            "dcim.device, dynamic-filter: 5 members, a",
            "dcim.device, dynamic-filter: 4 members, b",
            "unexpected",
        ),
    ],
)
def test_what_users_entered_is_lost_what_is_computed_is_not(section, was, now, kind):
    before, after = (
        state(derived_state=listings("derived_state", **{section: {"x": text}}))
        for text in (was, now)
    )
    assert found(before, after) == [(kind, f"derived_state.{section}", "x")]


def test_a_marker_that_nobody_can_evaluate_explains_nothing():
    odd = ("nautobot", "3.2.7", ('x; python_version ~= "abc"', "lib<3"))
    before = old(packages=packages(CORE, ("lib", "1.0", ())))
    after = upgraded(packages=packages(odd, ("lib", "1.5", ())))
    assert ("unexpected", "packages", "lib") in found(before, after)


def test_a_name_with_a_dot_is_one_name():
    was = packages(CORE, ("ruamel.yaml", "0.17", ()))
    now = packages(NEW_CORE, ("ruamel.yaml", "0.18", ()))
    files = [listings("files", distributions={"ruamel-yaml": f"digest {n}"}) for n in "12"]
    changes = found(old(packages=was, files=files[0]), upgraded(packages=now, files=files[1]))
    assert ("expected", "files.distributions", "ruamel-yaml") in changes
