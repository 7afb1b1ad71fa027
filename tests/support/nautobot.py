"""Tests inside a real Nautobot; how to run them is in ``NO_STACK``.

Django works on a private clone of the sample database, which tests may break; ``clone`` gives
further ones. The web process and the worker, which ``rest`` talks to, have the live database.
"""

import contextlib
import itertools
import os
import re
import warnings
from dataclasses import replace
from html import escape

import pytest

from nautobot_upgrade_jobs.facts import (
    Customizations,
    Facts,
    FilterResults,
    Listing,
    Migrations,
    PlannedReversal,
    Preconditions,
    SystemChecks,
    Unavailable,
)
from nautobot_upgrade_jobs.facts.resolution import Resolution
from nautobot_upgrade_jobs.facts.trial_boot import TrialBoot
from nautobot_upgrade_jobs.rollback.package_set import pins_without_index

NO_CHANGES = Facts(
    migrations=Migrations((), (), ()),
    system_checks=SystemChecks(()),
    customizations=Customizations(),
    filter_results=FilterResults(Listing({}), Listing({}), Listing({})),
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
    """Load Nautobot on a private clone before test modules import its models."""
    if os.environ.get("NAUTOBOT_DB_NAME") == CLONE:
        return
    server = this_instance().server()
    for name in server.databases():
        if (left := re.fullmatch(r"test_(\d+)(_\w+)?", name)) and not pid_exists(int(left[1])):
            server.drop(name)
    server.clone(this_instance().data, CLONE)
    # A private cache and broker keep the running web process and worker unaffected.
    os.environ.update(NAUTOBOT_DB_NAME=CLONE, STACK_CACHE="5", STACK_BROKER="6")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Nautobot's own deprecations
        import nautobot

        nautobot.setup()
    from django.core.cache import cache

    cache.clear()


def form_labels(job):
    """Return the labels of the form of a Job, as they are in its HTML."""
    return [escape(str(variable.field_attrs["label"])) for variable in job._get_vars().values()]


def rows_of_every_table(cursor):
    """Return the rows of each table as texts, so that every change of a value shows."""
    rows = {}
    for table in cursor.db.introspection.table_names(cursor):
        cursor.execute(f"SELECT * FROM {cursor.db.ops.quote_name(table)}")
        rows[table] = sorted(repr(tuple(map(_bytes_shown, row))) for row in cursor.fetchall())
    return rows


def _bytes_shown(value):
    return (
        bytes(value) if isinstance(value, memoryview) else value
    )  # repr() of a memoryview shows its address


def pid_exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pytest_pycollect_makemodule(module_path, parent):
    """Load Nautobot before the first module is imported, or report what is missing."""
    if "STACK_FOLDER" not in os.environ:
        raise pytest.Collector.CollectError(NO_STACK)
    set_up_nautobot()


def pytest_unconfigure(config):
    if os.environ.get("NAUTOBOT_DB_NAME") == CLONE:
        from django.db import connections

        connections.close_all()
        server = this_instance().server()
        for name in server.databases():
            if name == CLONE or name.startswith(f"{CLONE}_"):
                server.drop(name)


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
    """Replace the index and the trial boot, except in tests with the marker ``network``."""
    if not request.node.get_closest_marker("network"):
        monkeypatch.setattr(
            "nautobot_upgrade_jobs.workflows.rollback_packages.lock_packages",
            lambda then, now, python, limits, seconds: replace(
                pins_without_index(then, now, ""), unchecked_reason=""
            ),
        )
        monkeypatch.setattr(
            "nautobot_upgrade_jobs.workflows.target_resolution.resolve",
            lambda wishes, target, **limits: Resolution(target, (), ()),
        )
        monkeypatch.setattr(
            "nautobot_upgrade_jobs.workflows.preflight.inspect_target",
            lambda facts, wishes, resolution, *rest: (
                resolution
                if isinstance(resolution, Unavailable)
                else TrialBoot(
                    resolution.target,
                    NO_CHANGES,
                    current_filter_results=NO_CHANGES.filter_results,
                )
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
    """Connect to databases by alias, and clear the caches of the previous ones."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import cache
    from django.db import connections

    connections.close_all()
    for alias, name in names.items():
        connections[alias].settings_dict["NAME"] = name
    # Content types can have other numbers in another database; with the old ones, generic
    # relations find no rows.
    ContentType.objects.clear_cache()
    cache.clear()


@pytest.fixture
def clone(instance, nautobot):
    """Return a context manager that makes Django use a temporary copy of a template.

    The copies are dropped at the end, because MySQL changes an older one in less time.
    """
    made = itertools.count()

    def make(template="sample"):
        return temporary_copy(instance, template, str(next(made)))

    return make


@contextlib.contextmanager
def temporary_copy(instance, template, name):
    """Make Django use a copy of a template. Yield the name of the copy."""
    from development.dumps import ensure_template

    name = f"{CLONE}_{name}"
    ensure_template(instance, template)
    instance.server().clone(template, name)
    with connected_to(name):
        yield name


@pytest.fixture(scope="session")
def static_files(nautobot):
    """The static files of the installed release, collected."""
    from django.core.management import call_command

    call_command("collectstatic", clear=True, interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def healthy(instance, static_files):
    """A database after a finished upgrade; checks may use the running worker."""
    from nautobot.core.celery import app as celery
    from nautobot.core.settings_funcs import parse_redis_connection

    from development.dumps import ensure_template

    name = f"{CLONE}_healthy"
    os.environ["CELERY_BROKER_URL"] = parse_redis_connection(0)
    celery.amqp._producer_pool = None  # earlier tests have opened one to the private broker
    template = instance.data if instance.kind else "healthy"
    ensure_template(instance, template)
    instance.server().clone(template, name)
    if instance.kind:
        with connected_to(name):
            finish_upgrade()
    yield name
    del os.environ["CELERY_BROKER_URL"]
    celery.amqp._producer_pool = None
    instance.server().drop(name)


def finish_upgrade():
    """Run the commands of the template "healthy" on a database with Apps."""
    from django.core.management import call_command

    for command in ("migrate", "refresh_dynamic_group_member_caches"):
        call_command(command, verbosity=0)
    call_command("trace_paths", no_input=True, verbosity=0)


@pytest.fixture
def broken(instance, healthy):
    """A private clone of the healthy database, on which Django works."""
    name = f"{CLONE}_broken"
    instance.server().clone(healthy, name)
    with connected_to(name):
        yield name


@pytest.fixture
def older(instance):
    """The older instance whose sample is in the database, ready for an upgrade."""
    if not (instance.version.startswith("3.") and instance.engine == "postgresql"):
        pytest.skip("there is no older sample to upgrade from")
    from development import dumps
    from development.instance import Instance
    from tests.support.upgrading import DATABASE

    instance.server().restore(dumps.find_ltm_dump(instance), DATABASE)
    yield Instance(dumps.LTM_VERSION, instance.engine, instance.kind)
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
    """Drop the tables of the App `example` after a test."""
    from django.db import connection

    yield
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if name.startswith("example_"):
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(name)} CASCADE")


@contextlib.contextmanager
def alias_of_role(instance, database, alias, role, *grants):
    """Create a role with these grants, and an alias of Django that connects to a database as it."""
    from django.db import connection, connections

    server = instance.server()
    if instance.engine == "mysql":
        server.sql(f"CREATE USER {role}@'%' IDENTIFIED BY 'look'", *grants)
    else:
        server.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'look'", *grants, database=database)
    login = {"NAME": database, "USER": role, "PASSWORD": "look"}
    connections.settings[alias] = connection.settings_dict | login
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias], connections.settings[alias]
        if instance.engine == "postgresql":
            server.sql(f"DROP OWNED BY {role}", database=database)
        server.sql(f"DROP USER {role}")


@contextlib.contextmanager
def locked_tables(instance, tables):
    """Lock tables in another session, as a migration that rewrites them does."""
    from django.db import connection, connections

    other = connections.create_connection("default")
    other.settings_dict["NAME"] = connection.settings_dict["NAME"]
    names = list(map(connection.ops.quote_name, tables))
    try:
        with other.cursor() as cursor:
            if instance.engine == "mysql":
                cursor.execute("LOCK TABLES " + ", ".join(f"{one} WRITE" for one in names))
            else:
                cursor.execute("BEGIN")
                cursor.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        other.close()
