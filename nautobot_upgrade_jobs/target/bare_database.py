"""An installation of which only the database is known, such as from a bastion host.

Its release follows from the migrations that the database records. The target gets a configuration
of its own, in a temporary folder.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..catalog import Catalog
from ..common.errors import UsageError
from ..facts.apps import App, Apps
from ..facts.packages import Package, Packages
from ..migration_graph.history import FORMER_LABELS
from .installation import CORE, Installation, build_live_database
from .isolation import LiveDatabase
from .scratch_dir import scratch_folder

SCHEMES = frozenset({"postgres", "postgresql"})
CONNECT_SECONDS = 30
LIBRARY_APPS = FORMER_LABELS | {
    *("admin", "auth", "constance", "contenttypes", "django_celery_beat", "django_celery_results"),
    *("sessions", "silk", "sites", "social_django", "taggit"),
}
"""Labels that Nautobot's dependencies record in any release, besides those of its own apps."""
CONFIG_TEMPLATE = """from nautobot.core.settings import *

SECRET_KEY = {secret!r}
DATABASES = {{"default": {database!r}}}
PLUGINS = {apps!r}
PLUGINS_CONFIG = {{}}
"""


@contextlib.contextmanager
def bare_installation(url: str, apps_file: Path | None, catalog: Catalog) -> Iterator[Installation]:
    """Describe an installation by its database, and remove its configuration afterwards.

    Args:
        url: The database, such as ``postgresql://reader@host:5432/nautobot``. Without a password,
            the client library takes it from ``PGPASSWORD`` or ``.pgpass``.
        apps_file: The Apps with their versions. None if there are none.
        catalog: The catalog, which contains the migrations of each release.

    Raises:
        UsageError: The database cannot be read, or an argument is invalid.
    """
    entry = parse_database_url(url)
    database = build_live_database(entry)
    apps = tuple(read_apps_file(apps_file)) if apps_file else ()
    recorded = _read_recorded_migrations(database)
    releases = recognise_releases(recorded, catalog)
    labels = {key.partition(".")[0] for key in recorded} - catalog.core_apps - LIBRARY_APPS
    with scratch_folder() as folder:
        config = folder / "nautobot_config.py"
        config.touch(0o600)
        config.write_text(
            CONFIG_TEMPLATE.format(
                secret=secrets.token_hex(32), database=entry, apps=[app.module for app in apps]
            ),
            "utf-8",
        )
        yield Installation(
            python="",
            prefix="",
            site_paths=(),
            config=str(config),
            settings=frozenset(),
            packages=Packages(tuple(_list_packages(releases[-1], apps))),
            apps=Apps(apps, {}),
            database=database,
            releases=releases,
            unnamed_apps=tuple(sorted(labels - {app.label for app in apps})),
        )


def parse_database_url(url: str) -> dict[str, Any]:
    """Return the entry of ``DATABASES`` for a URL.

    Raises:
        UsageError: It is no URL of a PostgreSQL database. The message does not quote it, because it
            can contain a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("--database: the URL has an invalid host or port.") from None
    name = unquote(parts.path.strip("/"))
    if parts.scheme == "mysql":
        raise UsageError(
            "--database: for MySQL, name the configuration with --config on the host of Nautobot. "
            "The index has no installable mysqlclient, so it is taken from Nautobot's environment."
        )
    if parts.scheme not in SCHEMES or not name:
        raise UsageError("--database: expected postgresql://USER@HOST:PORT/NAME.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def read_apps_file(path: Path) -> Iterator[App]:
    """Yield the Apps of a file with a line ``distribution==version`` for each.

    Raises:
        UsageError: The file cannot be read, or a line has another form.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--apps: {path} cannot be read: {type(error).__name__}.") from None
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            requirement = Requirement(text)
            (specifier,) = requirement.specifier
        except (InvalidRequirement, ValueError):
            specifier = None
        if specifier is None or specifier.operator != "==" or "*" in specifier.version:
            raise UsageError(f"--apps: line {number} of {path} is not NAME==VERSION.")
        if canonicalize_name(requirement.name) != CORE:
            yield _build_app(requirement.name, specifier.version)


def recognise_releases(recorded: Collection[str], catalog: Catalog) -> tuple[str, ...]:
    """Return the releases whose migrations a database records, oldest first.

    If no release has exactly these migrations, an upgrade has stopped on its way. Then it is the
    newest release of which the database has all migrations.

    Raises:
        UsageError: It is no database of a Nautobot that the catalog contains.
    """
    known = frozenset(recorded) - set(catalog.pre_release_names)
    if exact := catalog.match_releases(known):
        return exact
    complete = [
        each.version
        for each in catalog.releases
        if (own := catalog.migrations(each.version)) and own <= known
    ]
    if not complete:
        raise UsageError(
            "--database: it does not contain all migrations of any release of Nautobot. Is this "
            "the name of Nautobot's database?"
        )
    return (complete[-1],)


def _read_recorded_migrations(database: LiveDatabase) -> frozenset[str]:
    import psycopg2  # Nautobot on MySQL does not install it.

    parameters = {"connect_timeout": CONNECT_SECONDS, **database.parameters}
    try:
        connection = psycopg2.connect(**parameters)
        try:
            connection.set_session(readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT app || '.' || name FROM django_migrations")
                return frozenset(key for (key,) in cursor.fetchall())
        finally:
            connection.close()
    except psycopg2.Error as error:
        # The message names host, user and database, but no password.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"--database: it cannot be read: {reason}.") from None


def _list_packages(release: str, apps: Sequence[App]) -> Iterator[Package]:
    yield Package(CORE, release, (), "")
    for app in apps:
        yield Package(app.distribution, app.version, (), "")


def _build_app(distribution: str, version: str) -> App:
    module = canonicalize_name(distribution).replace("-", "_")
    return App(
        module=module,
        label=module,
        distribution=distribution,
        version=version,
        nautobot_requirements=(),
        requires_python="",
        min_version="",
        max_version="",
        conflicts=(),
        settings=(),
    )
