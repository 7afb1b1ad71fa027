"""Examples of the rules in ``expectations``."""

import pytest

from nautobot_upgrade_jobs.checks.expectation_parser import parse_expectations
from nautobot_upgrade_jobs.checks.rules.expectations import unmet
from nautobot_upgrade_jobs.facts.jobs import JobRecord
from tests.support.builders import facts, interface, jobs

RECORDS = (
    JobRecord("pkg.Sync", "Sync", installed=True, enabled=True),
    JobRecord("pkg.Off", "Off", installed=True, enabled=False, grouping="Contracts"),
    JobRecord("pkg.Gone", "Gone", installed=False, enabled=True, grouping="Removed"),
)


@pytest.mark.parametrize(
    ("line", "met"),
    [
        pytest.param("app nautobot_example 2.0.0", True, id="App by module"),
        pytest.param("app nautobot-example 2.0.0", True, id="App by distribution"),
        pytest.param("app nautobot_example 2.0", True, id="App in a short form of its version"),
        pytest.param("app nautobot_example v2.0.0", True, id="App with a v"),
        pytest.param("app nautobot_example two", False, id="App in no version"),
        pytest.param("app nautobot_example 2.0.1", False, id="App in another version"),
        pytest.param("app nautobot_ssot 4.0.1", False, id="App not enabled"),
        pytest.param("migration dcim.0001_initial", True, id="migration recorded"),
        pytest.param("migration dcim.0002_more", False, id="migration not recorded"),
        pytest.param("job pkg.Sync", True, id="Job installed and enabled"),
        pytest.param("job pkg.Off", False, id="Job disabled"),
        pytest.param("job pkg.Gone", False, id="Job not installed"),
        pytest.param("job pkg.Never", False, id="Job not recorded"),
        pytest.param("grouping Contracts", True, id="grouping with a Job that is not enabled yet"),
        pytest.param("grouping Removed", False, id="grouping without an installed Job"),
        pytest.param("grouping Contract", False, id="grouping unknown"),
        pytest.param("panel Organization", True, id="panel exists"),
        pytest.param("panel Compliance", False, id="panel missing"),
        pytest.param("page plugins:example:home", True, id="page exists"),
        pytest.param("page plugins:example:gone", False, id="page missing"),
    ],
)
def test_unmet_of_each_kind_blocks_what_is_missing(findings_of, line, met):
    state = facts(
        jobs=jobs(records=RECORDS),
        ui_registry=interface(("Organization",), ("plugins:example:home",)),
    )
    findings = findings_of("expectations.unmet", state, expectations=parse_expectations(line))
    assert findings == ([] if met else [("blocker", line)])


def test_unmet_grouping_shows_the_groupings_of_installed_jobs():
    state = facts(jobs=jobs(records=RECORDS))
    line = parse_expectations("grouping Contract")
    (finding,) = unmet(line, state.apps, state.migrations, state.jobs, state.ui_registry)
    assert finding.evidence == ("grouping Contracts",)


def test_unmet_without_expectations_is_not_applicable(findings_of):
    assert findings_of("expectations.unmet") == "not_applicable"
