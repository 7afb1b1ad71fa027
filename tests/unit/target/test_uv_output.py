"""What uv prints, understood."""

import pytest

from nautobot_upgrade_jobs.facts.resolution import ResolvedPackage
from nautobot_upgrade_jobs.target.uv_output import (
    parse_not_found,
    parse_resolved,
    parse_sdist_only,
    parse_unmatched_wheels,
    parse_wheel_availability,
    parse_yanked,
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


def test_a_set():
    assert parse_resolved(SET) == (
        ResolvedPackage("amqp", "5.3.1", ("celery", "Kombu")),
        ResolvedPackage("celery", "5.6.0", ()),
        ResolvedPackage("rx", "1.6.3", ("graphene",)),
    )


def test_what_has_a_wheel():
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
def test_what_no_index_has(reason, unknown, gone):
    assert parse_not_found(reason) == (unknown, gone)


def test_what_is_of_no_use_because_it_is_source():
    assert parse_sdist_only("hint: Wheels are required for `promise` because …") == {"promise"}
    assert parse_sdist_only("No solution found") == frozenset()


def test_what_an_index_has_for_other_pythons():
    reason = "Because pyyaml==6.0.3 has no wheels with a matching Python ABI tag (e.g., `cp312`)"
    assert parse_unmatched_wheels(reason) == {"pyyaml"}
    assert parse_unmatched_wheels("because promise>=2.1 has no usable wheels") == frozenset()


def test_what_was_taken_back():
    warnings = (
        'warning: `a==1.0` is yanked (reason: "broken")\nResolved 3 packages\n'
        "warning: `b==2` is yanked\n"
    )
    assert parse_yanked(warnings) == {"a==1.0": "broken", "b==2": ""}
