"""What the setting `deployment` states, compared with what is seen."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity
from nautobot_upgrade_jobs.checks.registry import NotApplicable
from nautobot_upgrade_jobs.checks.rules.deployment import (
    contradicts_setting,
    install_script,
    unit_bypasses_link,
)
from nautobot_upgrade_jobs.facts.deployment import InstallScript, NamedPython
from tests.support.builders import (
    CATALOG,
    DEPLOYMENTS,
    database,
    deployment,
    facts,
    target,
    unit,
)


@pytest.mark.parametrize(
    ("stated", "subjects"),
    [
        ({}, []),
        ({"layout": ("virtualenv",)}, []),
        ({"web": ("nautobot",), "beat": ("nautobot-scheduler",)}, []),
        ({"layout": ("compose",)}, ["layout"]),
        ({"layout": ("kubernetes",), "beat": ("other",)}, ["layout", "beat"]),
        ({"web": ("nautobt",)}, ["web"]),
    ],
)
def test_contradiction_is_reported_for_each_key(stated, subjects):
    findings = list(contradicts_setting(deployment(stated=stated), database()))
    assert [finding.subject for finding in findings] == subjects
    assert {finding.severity for finding in findings} <= {Severity.WARNING}


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("/opt/my nautobot-2.4.44/bin/nautobot-server", ["nautobot.service"]),
        ("/opt/my nautobot-2.4.44/venv/bin/python3.9", ["nautobot.service"]),
        ("/opt/my nautobot/bin/nautobot-server", []),
        ("/opt/my nautobot-2.4.44.old/bin/nautobot-server", []),
        ("/usr/bin/uwsgi", []),
    ],
)
def test_unit_that_names_the_folder_of_a_release_is_reported(program, found):
    seen = replace(DEPLOYMENTS["release link"], units=(unit("nautobot", "web", program=program),))
    assert [finding.subject for finding in unit_bypasses_link(seen)] == found


@pytest.mark.parametrize("layout", ["virtualenv", "git checkout", "compose"])
def test_unit_rule_does_not_apply_without_a_link(layout):
    with pytest.raises(NotApplicable):
        list(unit_bypasses_link(DEPLOYMENTS[layout]))


@pytest.mark.parametrize(
    ("subcommand", "version", "expected"),
    [
        ("rqworker", "2.4.44", [("blocker", "nautobot-worker.service")]),
        ("rqworker", "3.2.7", [("blocker", "nautobot-worker.service")]),
        ("celery", "2.4.44", []),
        ("start", "3.2.7", []),
        ("my_command", "2.4.44", []),
        ("", "2.4.44", []),
    ],
)
def test_unit_with_a_command_that_the_target_lacks_blocks(
    findings_of, subcommand, version, expected
):
    state = facts(
        deployment=deployment(units=(unit("nautobot-worker", "worker", subcommand=subcommand),))
    )
    assert findings_of("deployment.removed_command", state, target(version)) == expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param((), [], id="none"),
        pytest.param((NamedPython("/etc/systemd/system/n.service", "3.11"),), [], id="the same"),
        pytest.param(
            (NamedPython("/opt/nautobot/uwsgi.ini", "3.9"), NamedPython("/etc/n.service", "3.11")),
            [("warning", "/opt/nautobot/uwsgi.ini")],
            id="another",
        ),
    ],
)
def test_other_python_in_a_file_of_a_service_warns(findings_of, named, expected):
    state = facts(deployment=deployment(named_pythons=named))
    assert findings_of("deployment.other_python", state) == expected


@pytest.mark.parametrize(
    ("python", "version", "fragment"),
    [
        ("3.11", "3.2.6", "install Nautobot 3.2.7, not 3.2.6"),
        ("3.9", "3.2.7", "install Nautobot 2.4.5, not 3.2.7"),
        ("", "3.2.7", "install another Nautobot"),
    ],
)
def test_install_script_names_the_release_that_it_would_install(python, version, fragment):
    seen = deployment(install_script=InstallScript("/opt/nautobot/install.sh", python))
    (finding,) = install_script(seen, CATALOG, target(version))
    assert fragment in finding.message


def test_install_script_that_installs_the_target_is_not_mentioned(findings_of):
    seen = deployment(install_script=InstallScript("/opt/nautobot/install.sh", "3.11"))
    assert findings_of("deployment.install_script", facts(deployment=seen), target("3.2.7")) == []
    assert findings_of("deployment.install_script", facts()) == "not_applicable"
