"""An installation of which only the database is known, such as from a bastion host.

Its release follows from the migrations that the database records. The target gets a configuration
of its own, in a temporary folder.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from packaging.utils import canonicalize_name

from ..catalog import Catalog
from ..catalog.versions import is_version, parse_version
from ..common.errors import UsageError
from ..facts.apps import App, Apps
from ..facts.packages import Package, Packages
from ..migration_graph.history import FORMER_LABELS
from .installation import CORE, Installation, build_live_database
from .isolation import LiveDatabase
from .scratch_dir import scratch_folder

SCHEMES = frozenset({"postgres", "postgresql"})
CONNECT_SECONDS = 30
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)\s*==\s*([\w.!+-]+)(?:\s+([A-Za-z_][\w.]*))?")
LIBRARY_APPS = FORMER_LABELS | {
    "nautobot_upgrade_jobs",
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
def bare_installation(
    url: str, apps_file: Path | None, target: str, catalog: Catalog
) -> Iterator[Installation]:
    """Describe an installation by its database, and remove its configuration afterwards.

    Args:
        url: The database, such as ``postgresql://reader@host:5432/nautobot``. Without a password,
            the client library takes it from ``PGPASSWORD`` or ``.pgpass``.
        apps_file: The Apps with their versions. None if there are none.
        target: The requested target. Empty for none.
        catalog: The catalog, which contains the migrations of each release.

    Raises:
        UsageError: The database cannot be read, or an argument is invalid.
    """
    entry = parse_database_url(url)
    pins = read_apps_file(apps_file) if apps_file else {}
    recorded, entry["PASSWORD"] = _read_recorded_migrations(build_live_database(entry))
    releases = recognise_releases(recorded, catalog)
    labels = {key.partition(".")[0] for key in recorded} - catalog.core_apps - LIBRARY_APPS
    apps = tuple(build_app(name, *pin, labels) for name, pin in pins.items())
    with scratch_folder() as folder:
        config = write_configuration(folder, entry, [app.module for app in apps])
        yield Installation(
            python="",
            prefix="",
            interpreter="",
            site_paths=(),
            config=config,
            settings=frozenset(),
            packages=Packages(tuple(_list_packages(choose_release(releases, target), apps))),
            apps=Apps(apps, {}),
            database=build_live_database(entry),
            has_configuration=False,
            releases=releases,
            is_between_releases=not _has_exactly(recorded, releases, catalog),
            unnamed_apps=tuple(sorted(labels - {app.label for app in apps})),
        )


def write_configuration(folder: Path, database: Mapping[str, Any], apps: Sequence[str]) -> str:
    """Write a configuration for an installation whose own is unknown, and return its path.

    Args:
        folder: A private folder.
        database: The entry of ``DATABASES``.
        apps: The modules of the Apps.
    """
    config = folder / "nautobot_config.py"
    config.touch(0o600)
    secret = secrets.token_hex(32)
    text = CONFIG_TEMPLATE.format(secret=secret, database=dict(database), apps=list(apps))
    config.write_text(text, "utf-8")
    return str(config)


def parse_database_url(url: str, option: str = "--database") -> dict[str, Any]:
    """Return the entry of ``DATABASES`` for a URL.

    Args:
        url: The URL of the operator.
        option: Where it was named, for the message.

    Raises:
        UsageError: It is no URL of a PostgreSQL database. The message does not quote it, because it
            can contain a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{option}: the URL has an invalid host or port.") from None
    name = unquote(parts.path.removeprefix("/"))
    options = dict(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True))
    if "\0" in unquote(url) or any("\0" in each for each in options.values()):
        raise UsageError(f"{option}: the URL has a zero byte.")
    if parts.scheme == "mysql":
        raise UsageError(
            f"{option}: for MySQL, name the configuration with --config on the host of Nautobot. "
            "The index has no installable mysqlclient, so it is taken from Nautobot's environment."
        )
    # A slash or an "@" in the password ends the host too early.
    if parts.scheme not in SCHEMES or not name or set(name) & {"/", "@"} or port == 0:
        raise UsageError(f"{option}: expected postgresql://USER@HOST:PORT/NAME.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def read_database_url(url: str, option: str) -> LiveDatabase:
    """Return the database of a URL.

    Args:
        url: The URL of the operator.
        option: Where it was named, for the message.

    Raises:
        UsageError: It is no URL of a PostgreSQL database.
    """
    return build_live_database(parse_database_url(url, option))


def read_apps_file(path: Path) -> dict[str, tuple[str, str]]:
    """Return the version and the module of each App, by the name of its distribution.

    Each line is ``NAME==VERSION``, or ``NAME==VERSION MODULE`` with the module of ``PLUGINS``. The
    module is empty if it is not stated.

    Raises:
        UsageError: The file cannot be read, or a line has another form.
    """
    pins: dict[str, tuple[str, str]] = {}
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--apps: {path} cannot be read: {type(error).__name__}.") from None
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        found = PIN.fullmatch(text)
        if found is None or not is_version(found[2]):
            raise UsageError(f"--apps: line {number} of {path} is not NAME==VERSION [MODULE].")
        name = canonicalize_name(found[1])
        if name in pins:
            raise UsageError(f"--apps: line {number} of {path} names {name} again.")
        if name != CORE:
            pins[name] = (found[2], found[3] or "")
    return pins


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


def _has_exactly(recorded: Collection[str], releases: Sequence[str], catalog: Catalog) -> bool:
    """Return whether the migrations of Nautobot are exactly those of the releases."""
    known = frozenset(recorded) - set(catalog.pre_release_names)
    return releases[-1] in catalog.match_releases(known)


def choose_release(releases: Sequence[str], target: str) -> str:
    """Return the release from which the upgrade starts: the newest that is older than the target.

    All releases have the same migrations, so the installation can be of each of them.
    """
    if not is_version(target):
        return releases[-1]
    older = [each for each in releases if parse_version(each) < parse_version(target)]
    return older[-1] if older else releases[0]


def _read_recorded_migrations(database: LiveDatabase) -> tuple[frozenset[str], str]:
    """Return the recorded migrations, and the password that the client library has used."""
    import psycopg2.errors  # Nautobot on MySQL does not install it.

    parameters = {"connect_timeout": CONNECT_SECONDS, **database.parameters}
    try:
        connection = psycopg2.connect(**parameters)
        try:
            connection.set_session(readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT app || '.' || name FROM django_migrations")
                recorded = frozenset(key for (key,) in cursor.fetchall())
            return recorded, connection.info.password or ""
        finally:
            connection.close()
    except psycopg2.errors.UndefinedTable:
        raise UsageError(
            "--database: it has no table django_migrations. Is this the name of Nautobot's "
            "database? For a schema other than public, add ?options=-csearch_path%3DSCHEMA."
        ) from None
    except psycopg2.Error as error:
        # The message names host, user and database, but no password.
        reason = " ".join(str(error).split()).rstrip(".?") or type(error).__name__
        raise UsageError(f"--database: it cannot be read: {reason}.") from None


def _list_packages(release: str, apps: Sequence[App]) -> Iterator[Package]:
    yield Package(CORE, release, (), "")
    for app in apps:
        yield Package(app.distribution, app.version, (), "")


def build_app(distribution: str, version: str, module: str, labels: Collection[str]) -> App:
    """Return an App. Most modules have the name of the distribution, some without a prefix."""
    usual = distribution.replace("-", "_")
    shorter = (usual.removeprefix(prefix) for prefix in ("nautobot_app_", "nautobot_"))
    module = module or next((name for name in (usual, *shorter) if name in labels), usual)
    return App(
        module=module,
        label=module.rpartition(".")[2],
        distribution=distribution,
        version=version,
        nautobot_requirements=(),
        requires_python="",
        min_version="",
        max_version="",
        conflicts=(),
        settings=(),
    )
