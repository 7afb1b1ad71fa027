"""Verify Migrations on a healthy instance, and on one with each fault that upgrades leave behind.

Each fault is planted on a private clone. Verify finds exactly this fault, and after the commands
of the finding the verdict is GO.
"""

import os
import re
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity, Verdict
from tests.support.nautobot import connected_to
from tests.support.verify_faults import FAULTS, GROUPS, MASKING
from tests.support.verifying import execute, findings, follow, leaf


@pytest.mark.apps
def test_verify_healthy_instance_is_go(healthy):
    with connected_to(healthy):
        assert findings() == ({}, Verdict.GO)


def planted(names, engine):
    """Yield the faults that this database engine can have, with their placeholders filled."""
    app, newest = leaf()
    placeholders = {"{app}": app, "{leaf}": newest, "{key}": f"{app}.{newest}"}
    for name in names:
        if engine != "mysql" or FAULTS[name].anywhere:
            fault = FAULTS[name]
            filled = {
                field: tuple(_with(placeholders, text) for text in getattr(fault, field))
                for field in ("statements", "found", "by_hand")
            }
            yield replace(fault, **filled)


# Django renders all models twice for each fault in the history, which takes 10 to 20 seconds.
GROUP_PARAMETERS = [
    pytest.param(name, marks=[pytest.mark.once, pytest.mark.slow]) if name in MASKING else name
    for name in GROUPS
]


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("group", FAULTS if os.getenv("FAULTS_ONE_BY_ONE") else GROUP_PARAMETERS)
def test_verify_planted_faults_are_found_exactly_and_fixed_by_their_commands(group, instance):
    faults = list(planted(GROUPS.get(group, (group,)), instance.engine))
    if not faults:
        pytest.skip("planted with statements of PostgreSQL")
    execute(*(statement for fault in faults for statement in fault.statements))
    found, verdict = findings()
    expected = [key for fault in faults for key in fault.found]
    assert not [key for key in found if not any(map(key.startswith, expected))], sorted(found)
    assert not [one for one in expected if not any(key.startswith(one) for key in found)], expected
    assert verdict is (Verdict.BLOCKED if _blocks(found) else Verdict.CAUTION)
    by_hand = tuple(key for fault in faults if fault.by_hand for key in fault.found)
    for key, finding in found.items():
        if not key.startswith(by_hand):
            assert finding.commands, finding
            follow(finding)
    execute(*(statement for fault in faults for statement in fault.by_hand))
    left, _ = findings()
    assert set(left) <= {fault.then for fault in faults}
    for finding in left.values():
        follow(finding)
    assert findings() == ({}, Verdict.GO)


@pytest.mark.usefixtures("broken")
def test_verify_stale_content_type_counts_referencing_rows():
    execute(
        "INSERT INTO django_content_type (app_label, model) VALUES ('dcim', 'site')",
        "INSERT INTO extras_status_content_types (status_id, contenttype_id) SELECT status.id, "
        "type.id FROM extras_status status, django_content_type type "
        "WHERE status.name = 'Active' AND type.app_label = 'dcim' AND type.model = 'site'",
    )
    found, _ = findings()
    (stale,) = found.values()
    assert re.search(r"\b1\b", stale.message)
    (evidence,) = stale.evidence
    assert evidence.startswith("extras_status_content_types.contenttype_id: 1 ")


def _with(names, text):
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text


def _blocks(found):
    return any(finding.severity is Severity.BLOCKER for finding in found.values())
