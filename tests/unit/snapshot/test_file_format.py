"""Snapshot files: sealed, read back equal, and refused when anything is wrong with them."""

import gzip
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.common.sealed_file import SealedFileError
from nautobot_upgrade_jobs.facts import TableFingerprints, Unavailable
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.snapshot.file_format import (
    SNAPSHOT_FILE,
    Snapshot,
    dump,
    load,
)
from nautobot_upgrade_jobs.workflows.compare import compare_snapshots
from tests.support.snapshot_states import listings, state

ROOT = Path(__file__).parents[3]
FUZZ_ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "300"))
FUZZ_SEED = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(2**32))
"""Printed by a failing test; set it to repeat the rounds."""
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
    return gzip.compress(json.dumps(document | changes, separators=(",", ":")).encode())


def unpacked():
    return json.loads(gzip.decompress(dump(SNAPSHOT)))


def sealed_text(content):
    """A file with a valid digest, of a content that need not be JSON."""
    return gzip.compress(SNAPSHOT_FILE.format.seal(content), compresslevel=1)


def sealed(content, **changes):
    """A file with a valid digest, whatever its content."""
    return sealed_text(json.dumps(content | changes).encode())


def test_load_dumped_snapshot_returns_equal_snapshot():
    assert load(dump(SNAPSHOT)) == SNAPSHOT


def test_dump_undecodable_file_name_is_escaped():
    odd = listings("files", media={"a\udcff.png": "3 bytes"})
    (name,) = load(dump(replace(SNAPSHOT, facts=state(files=odd)))).facts.files.media.items
    assert name == "a\\udcff.png"


def test_dump_equal_snapshots_gives_equal_files():
    assert dump(SNAPSHOT) == dump(load(dump(SNAPSHOT)))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "truncated"),
        (b"hello", "not gzip"),
        (gzip.compress(b"hello"), "not a snapshot"),
        (gzip.compress(b"[]"), "not a snapshot"),
        (gzip.compress(b'{"format": "other"}'), "not a snapshot"),
        (gzip.compress(b"NaN"), "not a snapshot"),
        (gzip.compress(b"0" * (40 * 2**20)), "unpacks to more"),
        (b"\x00" * (9 * 2**20), "larger than 8 MiB"),
        (dump(SNAPSHOT)[:-20], "truncated"),
        (dump(SNAPSHOT) + b"more", "follows"),
        (packed(unpacked(), schema=2), "schema 2"),
        (packed(unpacked(), schema="\x1b[2J"), "not a snapshot"),
        (packed(unpacked(), sha256="0" * 64), "altered"),
        (packed(unpacked(), snapshot=None), "altered"),
        (sealed(unpacked()["snapshot"], instance="\ud800"), "not Unicode"),
        (sealed(unpacked()["snapshot"], created=""), "not a date"),
        (sealed(unpacked()["snapshot"], created="\x1b[2J"), "not a date"),
        (sealed(unpacked()["snapshot"], created="2026-11-20T12:00:00"), "time zone"),
        (sealed(unpacked()["snapshot"], created="2026-11-20T12:00:00+05:00"), "time zone"),
        (sealed(unpacked()["snapshot"], created="0001-01-01T00:00:00+00:00"), "before the first"),
        (sealed(unpacked()["snapshot"], created="9999-12-31T23:59:59+00:00"), "from the future"),
        (sealed(unpacked()["snapshot"], created="2099-01-01T00:00:00+00:00"), "from the future"),
        (sealed_text(b"[" * 300_000), "nested deeper"),
        (sealed_text(b"[" + b"[]," * 300_000 + b"0]"), "more values"),
        (sealed_text(b"[1e999]"), "too long or large"),
        (sealed_text(b"[" + b"1" * 33 + b"]"), "too long or large"),
        (sealed_text(b"[0." + b"1" * 33 + b"]"), "too long or large"),
        (sealed_text(b"NaN"), "no JSON"),
        (sealed_text('"ü"'.encode()), "outside ASCII"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",  # gzip holds the time
)
def test_load_invalid_file_is_refused_with_reason(data, says):
    with pytest.raises(SealedFileError, match=says):
        load(data)


def test_load_document_with_changed_value_is_refused():
    document = unpacked()
    document["snapshot"]["facts"]["runtime"]["python"] = "3.13.0"
    with pytest.raises(SealedFileError, match="altered"):
        load(packed(document))


def test_load_randomly_damaged_file_is_refused_or_equal():
    """Change, remove and insert bytes at random positions of the file and of its text."""
    print(f"FUZZ_SEED={FUZZ_SEED} FUZZ_ROUNDS={FUZZ_ROUNDS}")
    generator = random.Random(FUZZ_SEED)
    good = dump(SNAPSHOT)
    text = gzip.decompress(good)
    for _ in range(FUZZ_ROUNDS):
        inside = generator.random() < 0.5
        data = bytearray(text if inside else good)
        position = generator.randrange(len(data))
        if generator.random() < 0.6:
            data[position] ^= 1 << generator.randrange(8)
        elif generator.random() < 0.5:
            del data[position : position + generator.randrange(1, 50)]
        else:
            data[position:position] = generator.randbytes(generator.randrange(1, 50))
        try:
            snapshot = load(gzip.compress(bytes(data)) if inside else bytes(data))
        except SealedFileError:
            continue
        assert snapshot == SNAPSHOT  # only white space or an unused bit of gzip's header changed


ODD = (None, True, -1, 2**70, 0.5, "", "\x1b[2J", "x" * 5000, [], {}, [[]], {"unavailable": "x"})


def alter_one_value(document, generator):
    """Return a copy with one odd value at a random place."""
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
    action = generator.random()
    if action < 0.6:
        node[key] = generator.choice(ODD)
    elif action < 0.8:
        del node[key]
    elif isinstance(node, dict):
        node[generator.choice(("", "new", "unavailable"))] = generator.choice(ODD)
    else:
        node.append(generator.choice(ODD))
    return copy


def test_load_sealed_forgery_is_refused_or_compared_without_traceback():
    """Documents with a valid seal, which is no secret, and one odd value."""
    print(f"FUZZ_SEED={FUZZ_SEED} FUZZ_ROUNDS={FUZZ_ROUNDS}")
    generator = random.Random(FUZZ_SEED)
    document, compared = unpacked()["snapshot"], 0
    for _ in range(FUZZ_ROUNDS):
        content = alter_one_value(document, generator)
        data = sealed(content)
        try:
            snapshot = load(data)
        except SealedFileError:
            continue
        try:
            compare_snapshots(SNAPSHOT, snapshot)
        except UsageError:
            continue
        compared += 1
    assert FUZZ_ROUNDS * 0.05 < compared < FUZZ_ROUNDS * 0.95  # both outcomes occur


BOMBS = {
    "a gigabyte of zeros": (b"0" * 2**20, 1024),
    "unsealed lists": (b"[" * 2**20, 31),
    "unsealed objects": (b'{"a":' * 200_000, 1),
    "a million numbers": (b"[" + b"1," * 990_000 + b"1]", 1),
    "one long text": (b'"' + b"x" * (31 * 2**20) + b'"', 1),
    "one long number": (b"9" * (31 * 2**20), 1),
}
ASTRAL = b"\\ud83d\\ude00"
"""One character that makes Python store each character of its text in four bytes."""
SEALED_BOMBS = {
    "numbers": b"[" + b"1000," * 390_000 + b"0]",
    "objects": b"[" + b'{"a":0},' * 130_000 + b"0]",
    "objects in objects": b"[" + b'{"a":{"b":[]}},' * 95_000 + b"0]",
    "different keys": b"{" + b",".join(b'"%d":[]' % number for number in range(190_000)) + b"}",
    "texts": b"[" + b'"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",' * 390_000 + b"0]",
    "wide texts": b"[" + (b'"' + ASTRAL + b"a" * 2**20 + b'",') * 22 + b"0]",
    "one wide text": b'"' + ASTRAL + b"a" * (23 * 2**20) + b'"',
    "escapes": b'"' + ASTRAL * (2 * 2**20 - 100) + b'"',
    "long integer": b"9" * (23 * 2**20),
    "long integers": b"[" + (b"9" * 4300 + b",") * 5_500 + b"0]",
    "long fractions": b"[" + (b"0." + b"9" * 100_000 + b",") * 230 + b"0]",
    "long exponents": b"[" + (b"1e" + b"9" * 100_000 + b",") * 230 + b"0]",
    "deep lists": b"[" * 399_000,
    "deep objects": b'{"a":' * 399_000,
}
LOAD_ALL = """
import re, sys
from pathlib import Path
from nautobot_upgrade_jobs.common.sealed_file import SealedFileError
from nautobot_upgrade_jobs.snapshot.file_format import load
for name in sys.argv[1:]:
    try:
        load(Path(name).read_bytes())
    except SealedFileError as error:
        print(Path(name).name, error, sep=": ")
# Not getrusage: its high-water mark starts with that of the parent process.
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def test_load_memory_bombs_uses_under_200_mebibytes(tmp_path):
    """Load all bombs in one process, whose high-water mark covers the largest."""
    paths = []
    for name, (piece, times) in BOMBS.items():
        paths.append(tmp_path / name)
        with gzip.open(paths[-1], "wb", compresslevel=1) as stream:
            for _ in range(times):
                stream.write(piece)
    for name, content in SEALED_BOMBS.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(sealed_text(content))
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, *paths],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    *refusals, kibibytes = done.stdout.splitlines()
    assert [line.partition(": ")[0] for line in refusals] == [path.name for path in paths]
    assert all(line.partition(": ")[2] for line in refusals)
    assert int(kibibytes) < 200 * 1024
