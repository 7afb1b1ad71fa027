"""Parsing the output of uv."""

import pytest

from nautobot_upgrade_jobs.facts.resolution import ResolvedPackage
from nautobot_upgrade_jobs.target.uv_output import (
    parse_not_found,
    parse_resolved,
    parse_sdist_only,
    parse_unmatched_wheels,
    parse_wheel_availability,
    parse_without_wheels,
    parse_yanked,
    split_by_hash,
)

SET = """\
amqp==5.3.1 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via
    #   celery
    #   Kombu
celery[redis]==5.6.0 ; python_version < '3.13'
    # via -r requirements.in
Rx==1.6.3
    # via graphene, -c source.txt
"""


LOCK = """\
lock-version = "1.0"
[[packages]]
name = "amqp"
wheels = [{ url = "x" }]

[[packages]]
name = "promise"
sdist = { url = "y" }
"""


HASHES = "\\\n    --hash=sha256:1 \\\n    --hash=sha256:2\n"


def test_parse_resolved_returns_packages_with_requirers():
    assert parse_resolved(SET) == (
        ResolvedPackage("amqp", "5.3.1", ("celery", "Kombu")),
        ResolvedPackage("celery", "5.6.0", ()),
        ResolvedPackage("rx", "1.6.3", ("graphene",)),
    )


@pytest.mark.parametrize(
    ("text", "hashed", "unhashed"),
    [
        (f"a==1 {HASHES}b==2\n", f"a==1 {HASHES}", "b==2\n"),
        (f"b==2\na==1 {HASHES}c[x]==3\n", f"a==1 {HASHES}", "b==2\nc[x]==3\n"),
        (f"a==1 {HASHES}", f"a==1 {HASHES}", ""),
        ("a==1\nb==2\n", "", "a==1\nb==2\n"),
        ("", "", ""),
    ],
)
def test_split_by_hash_separates_pins_without_hashes(text, hashed, unhashed):
    assert split_by_hash(text) == (hashed, unhashed)


def test_parse_wheel_availability_reports_each_distribution():
    assert parse_wheel_availability(LOCK) == {"amqp": True, "promise": False}


@pytest.mark.parametrize(
    ("reason", "unknown", "gone"),
    [
        ("Because private was not found in the package registry", {"private"}, set()),
        ("because A_b was not found in the provided package locations", {"a-b"}, set()),
        ("Because there is no version of tool==0.9 and you require", set(), {"tool"}),
        ("Because nautobot==2.4.44 depends on lib", set(), set()),
    ],
)
def test_parse_not_found_returns_names_and_versions(reason, unknown, gone):
    assert parse_not_found(reason) == (unknown, gone)


def test_parse_sdist_only_returns_names():
    assert parse_sdist_only("hint: Wheels are required for `promise` because …") == {"promise"}
    assert parse_sdist_only("No solution found") == frozenset()


def test_parse_unmatched_wheels_returns_names():
    reason = "Because pyyaml==6.0.3 has no wheels with a matching Python ABI tag (e.g., `cp312`)"
    assert parse_unmatched_wheels(reason) == {"pyyaml"}
    assert parse_unmatched_wheels("because promise>=2.1 has no usable wheels") == frozenset()


def test_parse_yanked_returns_reasons():
    warnings = (
        'warning: `a==1.0` is yanked (reason: "broken")\nResolved 3 packages\n'
        "warning: `b==2` is yanked\n"
    )
    assert parse_yanked(warnings) == {"a==1.0": "broken", "b==2": ""}


def test_parse_without_wheels_names_direct_and_transitive_distributions():
    reason = (
        "Because pyeapi>=0.8.2 has no usable wheels and napalm==5.0.0 depends on pyeapi>=0.8.2, "
        "and raw==1.0 has no usable wheels\n"
        "hint: Wheels are required for `Direct` because building from source is disabled"
    )
    assert parse_without_wheels(reason) == {"pyeapi", "raw", "direct"}
