"""What uv prints, understood."""

import pytest

from nautobot_upgrade_jobs.facts.resolution import Resolved
from nautobot_upgrade_jobs.target.uv_output import (
    not_found_in,
    not_ours_in,
    parse_set,
    source_in,
    wheels_in,
    yanked_in,
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
    assert parse_set(SET) == (
        Resolved("amqp", "5.3.1", ("celery", "Kombu")),
        Resolved("celery", "5.6.0", ()),
        Resolved("rx", "1.6.3", ("graphene",)),
    )


def test_what_has_a_wheel():
    assert wheels_in(LOCK) == {"amqp": True, "promise": False}


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
    assert not_found_in(reason) == (unknown, gone)


def test_what_is_of_no_use_because_it_is_source():
    assert source_in("hint: Wheels are required for `promise` because …") == {"promise"}
    assert source_in("No solution found") == frozenset()


def test_what_an_index_has_for_other_pythons():
    reason = "Because pyyaml==6.0.3 has no wheels with a matching Python ABI tag (e.g., `cp312`)"
    assert not_ours_in(reason) == {"pyyaml"}
    assert not_ours_in("because promise>=2.1 has no usable wheels") == frozenset()


def test_what_was_taken_back():
    warnings = (
        'warning: `a==1.0` is yanked (reason: "broken")\nResolved 3 packages\n'
        "warning: `b==2` is yanked\n"
    )
    assert yanked_in(warnings) == {"a==1.0": "broken", "b==2": ""}
