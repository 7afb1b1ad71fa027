"""Verify Migrations on a healthy instance, and on one with each fault that upgrades leave behind.

Each fault is planted on a private clone: exactly it is found, and what its finding tells to do
leads back to GO.
"""

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity, Verdict
from tests.support.nautobot import connected_to
from tests.support.verify_faults import FAULTS
from tests.support.verifying import execute, findings, follow, leaf


@pytest.mark.apps
def test_a_healthy_instance_is_go(healthy):
    with connected_to(healthy):
        assert findings() == ({}, Verdict.GO)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_nothing_else(name, instance):
    fault = FAULTS[name]
    if instance.evidence_source == "mysql" and not fault.anywhere:
        pytest.skip("planted with statements of PostgreSQL")
    app, newest = leaf()
    names = {"{app}": app, "{leaf}": newest, "{key}": f"{app}.{newest}"}
    execute(*(_with(names, one) for one in fault.statements))
    found, verdict = findings()
    expected = [_with(names, one) for one in fault.found]
    assert not [key for key in found if not any(map(key.startswith, expected))], sorted(found)
    assert not [one for one in expected if not any(key.startswith(one) for key in found)], expected
    assert verdict is (Verdict.BLOCKED if _blocks(found) else Verdict.CAUTION)
    for finding in () if fault.by_hand else found.values():
        assert finding.commands, finding
        follow(finding)
    execute(*fault.by_hand)
    left, _ = findings()
    assert set(left) <= {fault.then}
    for finding in left.values():
        follow(finding)
    assert findings() == ({}, Verdict.GO)


@pytest.mark.usefixtures("broken")
def test_what_points_at_a_stale_content_type_is_counted():
    execute(
        "INSERT INTO django_content_type (app_label, model) VALUES ('dcim', 'site')",
        "INSERT INTO extras_status_content_types (status_id, contenttype_id) SELECT status.id, "
        "type.id FROM extras_status status, django_content_type type "
        "WHERE status.name = 'Active' AND type.app_label = 'dcim' AND type.model = 'site'",
    )
    found, _ = findings()
    (stale,) = found.values()
    assert "take 1 row along" in stale.message
    assert stale.evidence == ("extras_status_content_types.contenttype_id: 1 row",)


def _with(names, text):
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text


def _blocks(found):
    return any(finding.severity is Severity.BLOCKER for finding in found.values())
