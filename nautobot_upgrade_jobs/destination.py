"""Where a way back is to lead: a snapshot, a release, or one App at a migration of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from .comparison import moment
from .configuration import UsageError
from .facts import Contents, Migrations, Packages, Unavailable
from .plan.reverse import ZERO, before
from .request import Understood
from .snapshot.file import Snapshot

UNKNOWN = Unavailable("there is no snapshot of that state")


@dataclass(frozen=True)
class Destination:
    """The state to go back to."""

    label: str
    recorded: frozenset[str]
    """Keys of migrations, as ``django_migrations`` has them."""
    contents: Contents | Unavailable
    packages: Packages | Unavailable
    since: datetime | None
    """When it was so; None if nobody knows."""
    release: str = ""
    """Version of Nautobot then; empty if it stays the one that is installed."""
    snapshot: str = ""


@dataclass(frozen=True)
class Given:
    """A snapshot of the state to go back to, if there is one."""

    snapshot: Snapshot | None = None
    file: str = ""
    """Its name, for the steps."""
    instance: str = ""
    """What this installation was called then, if otherwise."""


NO_SNAPSHOT = Given()


def destination(
    text: str,
    given: Given,
    migrations: Migrations,
    asked: Understood,
) -> Destination:
    """Understand where to go back to.

    Raises:
        UsageError: It is no state to go back to.
    """
    if given.snapshot and text.strip():
        raise UsageError("The state to go back to is given twice: by a snapshot and by name.")
    if given.snapshot:
        return _of_snapshot(given.snapshot, given, asked)
    words = text.split()
    if len(words) == 2:
        return _of_app(words[0], words[1], migrations)
    if len(words) == 1:
        return _of_release(words[0], migrations, asked)
    raise UsageError(
        "Name the state to go back to: a snapshot, a release such as 2.4.44, or an App and the "
        f"last migration of it that stays, such as 'example 0004_x' or 'example {ZERO}'."
    )


def _of_snapshot(snapshot: Snapshot, given: Given, asked: Understood) -> Destination:
    if snapshot.instance not in (asked.config.label, given.instance):
        raise UsageError(
            f"The snapshot is of another instance, {snapshot.instance!r}; this is "
            f"{asked.config.label!r}. If it is the same under another name, name that one, too."
        )
    facts = snapshot.facts
    if isinstance(facts.migrations, Unavailable):
        raise UsageError(f"The snapshot does not say what was applied: {facts.migrations.reason}")
    release = "" if isinstance(facts.runtime, Unavailable) else facts.runtime.nautobot
    return Destination(
        f"Nautobot {release}, {moment(snapshot)}",
        frozenset(facts.migrations.recorded),
        facts.contents,
        facts.packages,
        datetime.fromisoformat(snapshot.created),
        release,
        given.file or "snapshot.json.gz",
    )


def _of_release(text: str, migrations: Migrations, asked: Understood) -> Destination:
    """Take core's migrations of a release; those of Apps stay."""
    version = text.removeprefix("nautobot==")
    catalog = asked.catalog
    if isinstance(catalog, Unavailable):
        raise UsageError(catalog.reason)
    try:
        known_set = catalog.migrations(version)
    except ValueError:
        raise UsageError(f"{text[:60]!r} is no release of Nautobot.") from None
    if known_set is None:
        raise UsageError(f"The catalog knows no Nautobot {version}. {catalog.coverage}")
    recorded = frozenset(
        key
        for key in migrations.recorded
        if key.partition(".")[0] not in catalog.core_apps or key in known_set
    )
    missing = sorted(known_set - set(migrations.recorded))
    if missing:
        raise UsageError(
            f"Nautobot {version} is no state to go back to: its migration {missing[0]} is not "
            "applied here. To go forward, run Preflight."
        )
    return Destination(f"Nautobot {version}", recorded, UNKNOWN, UNKNOWN, None, version)


def _of_app(app: str, name: str, migrations: Migrations) -> Destination:
    """Take one App back to a migration of it; what builds on it goes along."""
    try:
        recorded = before(migrations, app, name)
    except KeyError:
        raise UsageError(_no_such(app, name, migrations)) from None
    return Destination(f"{app} {name}", recorded, UNKNOWN, UNKNOWN, None)


def _no_such(app: str, name: str, migrations: Migrations) -> str:
    own = [one.key.partition(".")[2] for one in migrations.on_disk if one.app == app]
    if not own:
        return f"No App {app[:60]!r} with migrations is on disk; only its own code can undo them."
    if name in own:
        return f"{app}.{name} is not applied; that is no state to go back to."
    near = get_close_matches(name, own, n=1, cutoff=0.3)
    return f"{app} has no migration {name[:60]!r}; did you mean {(near or own[-1:])[0]}?"
