"""Snapshot files: sealed, read back equal, and refused when anything is wrong with them."""

import gzip
import json
import random

import pytest

from nautobot_upgrade_jobs.facts import Contents, Unavailable
from nautobot_upgrade_jobs.facts.contents import Column, TableContents
from nautobot_upgrade_jobs.snapshot.file import Snapshot, SnapshotError, seal, unseal
from tests import builders

COLUMN = Column("name", "text", 3, "00000000deadbeef")
CONTENTS = Contents(
    algorithm="postgresql-hash-extended/1",
    server="postgresql 16",
    collation="C.UTF-8",
    depth="content",
    tables={
        "dcim_device": TableContents(3, ("id",), "0123456789abcdef", (COLUMN,)),
        "extras_tag": Unavailable("permission denied"),
    },
)
SNAPSHOT = Snapshot(
    "nautobot.example.com",
    "2026-11-20T12:00:00+00:00",
    "nautobot-upgrade-jobs 0.1.0",
    builders.facts(contents=CONTENTS),
)


def packed(document, **changes):
    return gzip.compress(json.dumps(document | changes).encode())


def unpacked():
    return json.loads(gzip.decompress(seal(SNAPSHOT)))


def test_a_snapshot_comes_back_equal():
    assert unseal(seal(SNAPSHOT)) == SNAPSHOT


def test_equal_snapshots_give_equal_files():
    assert seal(SNAPSHOT) == seal(unseal(seal(SNAPSHOT)))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "truncated"),
        (b"hello", "not gzip"),
        (gzip.compress(b"hello"), "no JSON"),
        (gzip.compress(b"[]"), "not a snapshot"),
        (gzip.compress(b'{"format": "other"}'), "not a snapshot"),
        (gzip.compress(b"NaN"), "no JSON"),
        (gzip.compress(b'{"a": 1e999}'), "not a snapshot"),
        (gzip.compress(b"[" * 400_000), "nested deeper"),
        (gzip.compress(b"[" + b"[]," * 2_000_000 + b"0]"), "more values"),
        (gzip.compress(b"0" * (40 * 2**20)), "unpacks to more"),
        (b"\x00" * (9 * 2**20), "larger than 8 MiB"),
        (seal(SNAPSHOT)[:-20], "truncated"),
        (seal(SNAPSHOT) + b"more", "follows"),
        (packed(unpacked(), schema=2), "schema 2"),
        (packed(unpacked(), sha256="0" * 64), "altered"),
        (packed(unpacked(), snapshot=None), "altered"),
        (
            gzip.compress(
                b'{"format":"nautobot-upgrade-jobs snapshot","schema":1,"snapshot":1e999}'
            ),
            "number that JSON cannot",
        ),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_by_name(data, says):
    with pytest.raises(SnapshotError, match=says):
        unseal(data)


def test_one_changed_value_breaks_the_seal():
    document = unpacked()
    document["snapshot"]["facts"]["runtime"]["python"] = "3.13.0"
    with pytest.raises(SnapshotError, match="altered"):
        unseal(packed(document))


def test_damage_anywhere_is_refused():
    """Bytes changed, lost and added at random places, in the file and in its text."""
    generator = random.Random(20261120)
    good = seal(SNAPSHOT)
    text = gzip.decompress(good)
    for _ in range(2000):
        inside = generator.random() < 0.5
        data = bytearray(text if inside else good)
        place = generator.randrange(len(data))
        if generator.random() < 0.6:
            data[place] ^= 1 << generator.randrange(8)
        elif generator.random() < 0.5:
            del data[place : place + generator.randrange(1, 50)]
        else:
            data[place:place] = generator.randbytes(generator.randrange(1, 50))
        try:
            read = unseal(gzip.compress(bytes(data)) if inside else bytes(data))
        except SnapshotError:
            continue
        assert read == SNAPSHOT  # white space, or a bit of gzip's header that says nothing
