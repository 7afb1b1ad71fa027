"""Snapshot files: sealed, read back equal, and refused when anything is wrong with them."""

import gzip
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.app_settings import UsageError
from nautobot_upgrade_jobs.facts import TableFingerprints, Unavailable
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.snapshot.file_format import (
    FORMAT,
    Snapshot,
    SnapshotError,
    _digest,
    seal,
    unseal,
)
from nautobot_upgrade_jobs.workflows.compare import compare_snapshots
from tests.support.snapshot_states import listings, state

ROOT = Path(__file__).parents[3]
COLUMN = ColumnFingerprint("name", "text", 3, "00000000deadbeef")
CONTENTS = TableFingerprints(
    algorithm="postgresql-hash-extended/1",
    server="postgresql 16",
    collation="C.UTF-8",
    depth="content",
    tables={
        "dcim_device": TableFingerprint(3, ("id",), "0123456789abcdef", (COLUMN,)),
        "extras_tag": Unavailable("permission denied"),
    },
)
SNAPSHOT = Snapshot(
    "nautobot.example.com",
    "2026-11-20T12:00:00+00:00",
    "nautobot-upgrade-jobs 0.1.0",
    state(fingerprints=CONTENTS),
)


def packed(document, **changes):
    return gzip.compress(json.dumps(document | changes).encode())


def unpacked():
    return json.loads(gzip.decompress(seal(SNAPSHOT)))


def test_a_snapshot_comes_back_equal():
    assert unseal(seal(SNAPSHOT)) == SNAPSHOT


def test_a_file_name_of_no_encoding_can_be_sealed():
    odd = listings("files", media={"a\udcff.png": "3 bytes"})
    (name,) = unseal(seal(replace(SNAPSHOT, facts=state(files=odd)))).facts.files.media.items
    assert name == "a\\udcff.png"


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
        (packed(unpacked(), snapshot="\ud800"), "no Unicode"),
        (
            gzip.compress(
                b'{"format":"nautobot-upgrade-jobs snapshot","schema":1,"snapshot":1e999}'
            ),
            "number that JSON cannot",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",  # gzip holds the time
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
    for _ in range(10_000):
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


ODD = (None, True, -1, 2**70, 0.5, "", "\x1b[2J", "x" * 5000, [], {}, [[]], {"unavailable": "x"})


def altered(document, generator):
    """A copy with one odd value at a random place, sealed again: the seal is no secret."""
    copy = json.loads(json.dumps(document))
    node, steps = copy, generator.randrange(1, 9)
    for _ in range(steps):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = generator.choice(keys)
        if not isinstance(node[key], (dict, list)) or not node[key]:
            break
        node, parent = node[key], node
    else:
        node = parent
    chosen = generator.random()
    if chosen < 0.6:
        node[key] = generator.choice(ODD)
    elif chosen < 0.8:
        del node[key]
    elif isinstance(node, dict):
        node[generator.choice(("", "new", "unavailable"))] = generator.choice(ODD)
    else:
        node.append(generator.choice(ODD))
    return copy


def test_a_sealed_forgery_is_refused_or_compared_without_a_traceback():
    """Ten thousand documents that are right in form and odd in one value."""
    generator = random.Random(20261121)
    document, compared = unpacked()["snapshot"], 0
    for _ in range(10_000):
        content = altered(document, generator)
        data = packed({}, format=FORMAT, schema=1, snapshot=content, sha256=_digest(content))
        try:
            read = unseal(data)
        except SnapshotError:
            continue
        try:
            compare_snapshots(SNAPSHOT, read)
        except UsageError:
            continue
        compared += 1
    assert 500 < compared < 9_500  # both ends are really reached


BOMBS = {
    "a gigabyte of nothing": (b"0" * 2**20, 1024),
    "deep lists": (b"[" * 2**20, 31),
    "deep objects": (b'{"a":' * 200_000, 1),
    "a million numbers": (b"[" + b"1," * 990_000 + b"1]", 1),
    "one long text": (b'"' + b"x" * (31 * 2**20) + b'"', 1),
    "one long number": (b"9" * (31 * 2**20), 1),
}
READ = """
import re, sys
from pathlib import Path
from nautobot_upgrade_jobs.snapshot.file_format import SnapshotError, unseal
try:
    unseal(Path(sys.argv[1]).read_bytes())
except SnapshotError as error:
    # Not getrusage: its mark begins with that of the process that started this one.
    mark = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    print(int(mark) // 1024, error)
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_takes_little_memory(bomb, tmp_path):
    """In a process of its own, whose high-water mark in MiB it prints with the refusal."""
    piece, times = BOMBS[bomb]
    path = tmp_path / "bomb.json.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for _ in range(times):
            stream.write(piece)
    done = subprocess.run(
        [sys.executable, "-c", READ, path], capture_output=True, text=True, check=True, cwd=ROOT
    )
    mebibytes, _, refusal = done.stdout.partition(" ")
    assert refusal.strip()
    assert int(mebibytes) < 200
