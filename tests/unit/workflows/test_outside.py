"""Facts of an installation whose code this process does not load."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.catalog.target_release import choose_target
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.facts import Apps, Facts, Migrations, Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.startup import Failure
from nautobot_upgrade_jobs.facts.trial_boot import AppLoadFailure, TrialBoot
from nautobot_upgrade_jobs.migration_graph.history import MigrationHistory
from nautobot_upgrade_jobs.target.installation import Installation
from nautobot_upgrade_jobs.target.isolation import LiveDatabase
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.outside import mask_password, run_preflight_outside
from nautobot_upgrade_jobs.workflows.outside_facts import (
    OutsideState,
    build_facts,
    hide_unknown_host,
)
from tests.support.builders import CATALOG, database, setting, settings

NOT_STARTED = Unavailable("it does not start")


def state(release="1.6.32", boot=NOT_STARTED):
    packages = Packages((Package("nautobot", release, (), ">=3.8"),))
    installation = Installation(
        "3.8.19",
        "/opt/nautobot",
        "/opt/nautobot/bin/python3",
        ("/site",),
        "/opt/nautobot/nautobot_config.py",
        frozenset({"PLUGINS"}),
        packages,
        Apps((), {}),
        LiveDatabase("postgresql", {}),
    )
    return OutsideState(installation, choose_target(CATALOG, release, "2.4.44"), NOT_STARTED, boot)


def booted(recorded):
    facts = Facts(migrations=Migrations((), tuple(recorded), ()), database=database())
    return TrialBoot("2.4.44", facts)


@pytest.mark.parametrize("release", ["1.0.3", "1.6.32", "2.3.16"])
def test_migrations_of_a_release_are_those_of_the_catalog(release):
    own = sorted(CATALOG.migrations(release))
    facts = build_facts(state(release, booted([*own, "example.0001_initial"])), CATALOG)
    history = MigrationHistory(facts.migrations)
    assert history.unapplied == ()
    assert history.recorded_without_file == ()
    assert not history.conflicts


def test_missing_and_unknown_migrations_are_seen():
    own = sorted(CATALOG.migrations("1.6.32"))
    facts = build_facts(state(boot=booted([*own[:-1], "dcim.9999_own"])), CATALOG)
    history = MigrationHistory(facts.migrations)
    assert history.unapplied == (own[-1],)
    assert history.recorded_without_file == ("dcim.9999_own",)


def test_topics_that_only_the_installation_knows_are_unavailable_with_a_reason():
    facts = build_facts(state(boot=booted([])), CATALOG)
    for topic in ("redis", "workers", "jobs", "storage", "deployment", "expected_schema"):
        assert "installed release" in getattr(facts, topic).reason
    assert "installed release" in facts.database.session_settings.reason
    assert facts.runtime.python == "3.8.19"


def test_target_that_does_not_start_leaves_the_rows_unknown():
    facts = build_facts(state(), CATALOG)
    assert isinstance(facts.migrations, Unavailable)
    assert facts.database.reason == NOT_STARTED.reason
    failure = Failure("configuration", "ImportError", "no module", ())
    facts = build_facts(state(boot=TrialBoot("2.4.44", Facts(), failure=failure)), CATALOG)
    assert "trial_boot.fails_to_start" in facts.legacy_data.reason
    assert facts.packages.installed[0].version == "1.6.32"


@pytest.mark.parametrize("requested", ["2.0.6", "2.4.4", "1.6.32"])
def test_target_whose_code_cannot_be_used_is_refused(requested):
    installation = state("1.5.24").installation
    with pytest.raises(UsageError, match=f"{requested} is older than"):
        run_preflight_outside(RunRequest(target=requested), installation)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "newest"}, "newest"),
        ({}, "--target is required for Nautobot 1.6.32"),
        ({"target": "2.4.44", "exclude": "no.such"}, "No such check: no.such"),
        ({"target": "2.4.44", "requirements": "x @ https://example.com/x.whl"}, "by name"),
    ],
)
def test_invalid_request_is_refused_before_anything_starts(changes, message):
    with pytest.raises(UsageError, match=message):
        run_preflight_outside(RunRequest(**changes), state().installation)


def test_settings_that_the_isolation_replaces_are_left_out():
    rows = settings(values=(setting("PLUGINS"), setting("CELERY_RESULT_BACKEND")))
    facts = build_facts(state(boot=TrialBoot("2.4.44", Facts(settings=rows))), CATALOG)
    assert [one.name for one in facts.settings.values] == ["PLUGINS"]


def test_password_is_masked_in_what_stopped_a_start():
    installation = replace(
        state().installation, database=LiveDatabase("postgresql", {"password": "hunter2"})
    )
    failure = Failure("configuration", "ValueError", "cannot connect with hunter2", ())
    app = AppLoadFailure("example", failure, conclusive=True)
    boot = TrialBoot("2.4.44", Facts(), failure=failure, app_load_failures=(app,))
    assert "hunter2" not in repr(mask_password(boot, installation))
    assert "hunter2" not in mask_password(Unavailable("no hunter2"), installation).reason
    assert mask_password(boot, state().installation) == boot


def test_database_alone_says_nothing_about_the_host_or_the_role_that_migrates():
    known = state(boot=booted(CATALOG.migrations("1.6.32")))
    facts = build_facts(known, CATALOG)
    assert hide_unknown_host(facts, known.installation) == facts
    bare = replace(known.installation, releases=("1.6.8", "1.6.32"), unnamed_apps=("example",))
    hidden = hide_unknown_host(facts, bare)
    for topic in (
        hidden.runtime,
        hidden.settings,
        hidden.packages,
        hidden.database.can_create_tables,
    ):
        assert topic.reason == "only the database is known; it is of Nautobot 1.6.8 to 1.6.32"
    assert "migrations of example: name these Apps with --apps" in hidden.apps.reason
    assert hidden.migrations == facts.migrations
    between = replace(bare, releases=("1.6.32",), is_between_releases=True)
    reason = hide_unknown_host(facts, between).runtime.reason
    assert "an upgrade from Nautobot 1.6.32 has not ended, or the catalog" in reason
