"""Rules about the web processes."""

import pytest

from nautobot_upgrade_jobs.facts import Web
from tests.support.builders import facts, target

URL = "https://nautobot.example.com"
HEALTHY = Web(URL, ("3.2.7",))


def run(findings_of, check, web):
    return findings_of(f"web.{check}", facts(web=web), target("3.2.7", "3.2.7"))


@pytest.mark.parametrize("check", ["unavailable", "old_code", "missing_static_files"])
def test_web_without_an_address_is_not_applicable(findings_of, check):
    assert run(findings_of, check, Web()) == "not_applicable"


@pytest.mark.parametrize("check", ["unavailable", "old_code", "missing_static_files"])
def test_web_that_is_healthy_has_no_finding(findings_of, check):
    assert run(findings_of, check, HEALTHY) == []


@pytest.mark.parametrize(
    ("web", "expected"),
    [
        pytest.param(Web(URL, (), ("refused",)), [("blocker", "login")], id="down"),
        pytest.param(
            Web(URL, ("3.2.7",), (), "status 500"), [("blocker", "health")], id="unhealthy"
        ),
        pytest.param(
            Web(URL, ("3.2.7",), ("status 502",), "status 502"),
            [("blocker", "login"), ("blocker", "health")],
            id="one of several is down",
        ),
    ],
)
def test_unavailable_web_blocks(findings_of, web, expected):
    assert run(findings_of, "unavailable", web) == expected


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        pytest.param(("2.4.44",), [("blocker", "2.4.44")], id="not restarted"),
        pytest.param(("3.2.7", "2.4.44"), [("blocker", "2.4.44")], id="one of two"),
        pytest.param((), "skipped", id="no release stated"),
    ],
)
def test_old_code_of_a_web_process_blocks(findings_of, releases, expected):
    assert run(findings_of, "old_code", Web(URL, releases)) == expected


def test_missing_static_files_warn(findings_of):
    web = Web(URL, ("3.2.7",), missing_static_files=("/static/css/base.css: status 404",))
    assert run(findings_of, "missing_static_files", web) == [("warning", "static files")]
