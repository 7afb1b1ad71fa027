"""Tests inside a real Nautobot; how to run them is in ``NO_STACK``.

Django works on a private clone of the sample database, which tests may break; ``clone`` gives
further ones. The web process and the worker, which ``rest`` talks to, have the live database.
"""

import contextlib
import os
import re
import warnings
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import (
    Customizations,
    Facts,
    Migrations,
    PlannedReversal,
    Preconditions,
    SystemChecks,
    Unavailable,
)
from nautobot_upgrade_jobs.facts.resolution import Resolution
from nautobot_upgrade_jobs.facts.trial_boot import TrialBoot
from nautobot_upgrade_jobs.rollback.package_set import unasked

BRINGS_NOTHING = Facts(
    migrations=Migrations((), (), ()),
    system_checks=SystemChecks(()),
    customizations=Customizations(),
    preconditions=Preconditions(),
    planned_reversal=PlannedReversal(),
)
CLONE = f"test_{os.getpid()}"
NO_STACK = (
    "These tests need a running Nautobot: python3 -m development.stack up 3.2.7, then "
    "python3 -m development.stack exec 3.2.7 -- python -m pytest tests/integration"
)


def this_instance():
    """The instance whose environment this is."""
    from development.instance import Instance

    version, engine = os.environ["STACK_VERSION"], os.environ["STACK_ENGINE"]
    return Instance(version, engine, os.environ["STACK_KIND"])


def set_up_nautobot():
    """Load Nautobot on a private clone, so that test modules can import models at their top."""
    if os.environ.get("NAUTOBOT_DB_NAME") == CLONE:
        return
    server = this_instance().server()
    for name in server.databases():
        if (left := re.fullmatch(r"test_(\d+)(_\d+)?", name)) and not pid_exists(int(left[1])):
            server.drop(name)
    server.clone(this_instance().data, CLONE)
    # Own cache and own broker: neither the running web process nor the worker shall notice.
    os.environ.update(NAUTOBOT_DB_NAME=CLONE, STACK_CACHE="5", STACK_BROKER="6")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Nautobot's own deprecations are not ours to read
        import nautobot

        nautobot.setup()
    from django.core.cache import cache

    cache.clear()


def rows_of_every_table(cursor):
    """Each table's rows as texts, by which any change of any value shows."""
    found = {}
    for table in cursor.db.introspection.table_names(cursor):
        cursor.execute(f"SELECT * FROM {cursor.db.ops.quote_name(table)}")
        found[table] = sorted(repr(tuple(map(_bytes_shown, row))) for row in cursor.fetchall())
    return found


def _bytes_shown(value):
    return bytes(value) if isinstance(value, memoryview) else value  # its own text is its address


def pid_exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pytest_pycollect_makemodule(module_path, parent):
    """Prepare before the first module is imported, or say what is missing."""
    if "STACK_FOLDER" not in os.environ:
        raise pytest.Collector.CollectError(NO_STACK)
    set_up_nautobot()


def pytest_unconfigure(config):
    if os.environ.get("NAUTOBOT_DB_NAME") == CLONE:
        from django.db import connections

        connections.close_all()
        this_instance().server().drop(CLONE)


@pytest.fixture(scope="session")
def instance():
    """The instance of the stack that the tests run in."""
    return this_instance()


@pytest.fixture(scope="session")
def nautobot(instance):
    """Nautobot, loaded on the private clone of the usual data."""
    import nautobot

    return nautobot


@pytest.fixture(autouse=True)
def no_index(monkeypatch, request):
    """Let everything stay as it is; what is marked ``network`` asks the index, and builds."""
    if not request.node.get_closest_marker("network"):
        monkeypatch.setattr(
            "nautobot_upgrade_jobs.workflows.rollback_packages.lock_packages",
            lambda then, now, python, limits, seconds: replace(
                unasked(then, now, ""), unchecked_reason=""
            ),
        )
        monkeypatch.setattr(
            "nautobot_upgrade_jobs.workflows.target_inspection.resolve",
            lambda wishes, target, **limits: Resolution(target, (), ()),
        )
        monkeypatch.setattr(
            "nautobot_upgrade_jobs.workflows.target_inspection._run_trial_boot",
            lambda facts, wishes, resolution, *rest: (
                resolution
                if isinstance(resolution, Unavailable)
                else TrialBoot(resolution.target, BRINGS_NOTHING)
            ),
        )


@contextlib.contextmanager
def connected_to(name):
    """Point Django's connections at another database of the same server."""
    from django.db import connections

    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    try:
        _connect(dict.fromkeys(connections, name))
        yield
    finally:
        _connect(before)


def _connect(names):
    """Connect to databases by alias, and forget what is remembered of those before."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import cache
    from django.db import connections

    connections.close_all()
    for alias, name in names.items():
        connections[alias].settings_dict["NAME"] = name
    # Another database may number its content types otherwise: on the pristine side of an upgrade
    # and on the upgraded one they differ, and a generic relation then finds nothing.
    ContentType.objects.clear_cache()
    cache.clear()


@pytest.fixture
def clone(instance, nautobot):
    """Throw-away databases: Django works on one inside of ``with clone("sample") as name``."""
    from development.dumps import ensure_template

    made = []

    @contextlib.contextmanager
    def make(template="sample"):
        name = f"{CLONE}_{len(made)}"
        made.append(name)
        ensure_template(instance, template)
        instance.server().clone(template, name)
        with connected_to(name):
            yield name

    yield make
    for name in made:
        instance.server().drop(name)


@pytest.fixture(scope="module")
def healthy(instance, nautobot):
    """A database on which the upgrade was finished, and the running worker may be asked."""
    from django.core.management import call_command
    from nautobot.core.celery import app as celery
    from nautobot.core.settings_funcs import parse_redis_connection

    name = f"{CLONE}_healthy"
    os.environ["CELERY_BROKER_URL"] = parse_redis_connection(0)
    celery.amqp._producer_pool = None  # earlier tests have opened one to the private broker
    instance.server().clone(instance.data, name)
    with connected_to(name):
        for command in ("migrate", "refresh_dynamic_group_member_caches"):
            call_command(command, verbosity=0)
        call_command("trace_paths", no_input=True, verbosity=0)
        call_command("collectstatic", clear=True, interactive=False, verbosity=0)
    yield name
    del os.environ["CELERY_BROKER_URL"]
    celery.amqp._producer_pool = None
    instance.server().drop(name)


@pytest.fixture
def broken(instance, healthy):
    """A private clone of the healthy database, on which Django works."""
    name = f"{CLONE}_broken"
    instance.server().clone(healthy, name)
    with connected_to(name):
        yield name
    instance.server().drop(name)


@pytest.fixture
def older(instance):
    """The instance that the sample in the database is of; it is to be upgraded."""
    if not (instance.version.startswith("3.") and instance.evidence_source == "postgresql"):
        pytest.skip("there is no older sample to upgrade from")
    from development import dumps
    from development.instance import Instance
    from tests.support.upgrading import DATABASE

    instance.server().restore(dumps.find_ltm_dump(instance), DATABASE)
    yield Instance(dumps.LTM_VERSION, instance.evidence_source, instance.kind)
    instance.server().drop(DATABASE)


@pytest.fixture(scope="session")
def rest(instance):
    """A client of the running web process, as the superuser."""
    from development.rest import Rest

    return Rest(os.environ["STACK_URL"], os.environ["STACK_TOKEN"])


@pytest.fixture(scope="session")
def browser(rest):
    """A browser in which the superuser has logged in."""
    from tests.support.browser_client import Browser

    return Browser(rest.url, os.environ["STACK_LOGIN"])


@pytest.fixture
def tables():
    """Drops the tables of the made-up App `example` after a test."""
    from django.db import connection

    yield
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if name.startswith("example_"):
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(name)} CASCADE")
