"""States of one installation; tests change the parts that they need."""

from dataclasses import replace
from typing import Any

from nautobot_upgrade_jobs.facts import Facts, Listing, Migrations, Packages, TableFingerprints
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.snapshot.compare import compare
from nautobot_upgrade_jobs.snapshot.listing_diff import LISTED_TOPICS, listing_fields
from tests.support import builders

EMPTY = Listing({})


def state(version="3.2.7", **changes) -> Facts:
    """A complete state, as Capture Snapshot collects it."""
    empty = {topic: listings(topic) for topic in LISTED_TOPICS}
    base = builders.facts(
        runtime=builders.runtime(nautobot=version), fingerprints=contents(), **empty
    )
    return replace(base, **changes)


def old(**changes) -> Facts:
    """The state before the upgrade."""
    return state("2.4.44", **changes)


def upgraded(*migrations, **changes) -> Facts:
    """The state of 3.2.7 after an upgrade from 2.4.44 that applied these migrations."""
    recorded = tuple(migration.key for migration in migrations)
    return state(
        "3.2.7",
        migrations=Migrations(migrations, ("dcim.0001_initial", *recorded), ("dcim",)),
        **changes,
    )


def listings(topic, **items) -> Any:
    """All listings of a topic: empty, or with these items or this listing."""
    empty = dict.fromkeys(listing_fields(topic), EMPTY)
    given = {
        name: value if isinstance(value, Listing) else Listing(value)
        for name, value in items.items()
    }
    return Facts.type_of(topic)(**empty | given)


def counted(description, count, *, is_user_data=False) -> Listing:
    """A listing of one item, ``x``, with a number of objects."""
    return Listing({"x": description}, {"x": count}, ("x",) if is_user_data else ())


def contents(**changes) -> TableFingerprints:
    tables = {"dcim_device": table(column("name"), column("serial", non_null_count=1))}
    base = TableFingerprints("postgresql-hash-extended/1", "postgresql 16", "C", "content", tables)
    return replace(base, **changes)


def rows_of(**tables) -> TableFingerprints:
    """Fingerprints of these tables only."""
    return contents(tables=tables)


def table(*columns, rows=3, keys="00000000000000aa", **changes) -> TableFingerprint:
    return replace(TableFingerprint(rows, ("id",), keys, columns), **changes)


def column(
    name, fingerprint="0000000000000001", non_null=3, kind="text", **changes
) -> ColumnFingerprint:
    return replace(ColumnFingerprint(name, kind, non_null, fingerprint), **changes)


def packages(*installed) -> Packages:
    """Installed distributions: name, version and requirements of each."""
    return Packages(
        tuple(Package(name, version, requires, "") for name, version, requires in installed)
    )


def found(before, after):
    """The changes, short enough for a table of examples."""
    return [
        (change.kind.value, change.section, change.subject)
        for change in compare(before, after, builders.CATALOG)
    ]


def unexplained(before, after):
    """The changes that are not expected."""
    return [entry for entry in found(before, after) if entry[0] != "expected"]
