"""Two states of one installation; tests change what they are about."""

from dataclasses import fields, replace

from nautobot_upgrade_jobs.facts import Facts, Listing, TableFingerprints
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.snapshot.compare import compare
from nautobot_upgrade_jobs.snapshot.listing_diff import LISTED_TOPICS
from tests.support import builders

NOTHING = Listing({})


def state(version="3.2.7", **changes) -> Facts:
    """A whole state, as Capture Snapshot has it."""
    empty = {topic: listings(topic) for topic in LISTED_TOPICS}
    base = builders.facts(
        runtime=builders.runtime(nautobot=version), fingerprints=contents(), **empty
    )
    return replace(base, **changes)


def listings(topic, **fields_) -> object:
    """All listings of a topic: empty, or as given."""
    kind = Facts.type_of(topic)
    found = {field.name: NOTHING for field in fields(kind)}
    return kind(**found | {name: Listing(items) for name, items in fields_.items()})


def contents(**changes) -> TableFingerprints:
    tables = {"dcim_device": table(column("name"), column("serial", non_null_count=1))}
    base = TableFingerprints("postgresql-hash-extended/1", "postgresql 16", "C", "content", tables)
    return replace(base, **changes)


def rows_of(**tables) -> TableFingerprints:
    """Contents that are these tables only."""
    return contents(tables=tables)


def table(*columns, rows=3, keys="00000000000000aa", **changes) -> TableFingerprint:
    return replace(TableFingerprint(rows, ("id",), keys, columns), **changes)


def column(name, mark="0000000000000001", non_null=3, kind="text", **changes) -> ColumnFingerprint:
    return replace(ColumnFingerprint(name, kind, non_null, mark), **changes)


def found(before, after):
    """What the comparison says, short enough for a table of examples."""
    return [
        (one.kind.value, one.section, one.subject)
        for one in compare(before, after, builders.CATALOG)
    ]
