"""Preflight of an installation with Apps, by the real package index."""

import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from nautobot_upgrade_jobs.checks.findings import Severity, Verdict
from nautobot_upgrade_jobs.facts import Facts, Migrations, Unavailable
from nautobot_upgrade_jobs.facts.startup import Failure, Frame
from nautobot_upgrade_jobs.facts.trial_boot import AppLoadFailure, TrialBoot
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.preflight import run_preflight
from nautobot_upgrade_jobs.workflows.target_inspection import _redact_trial_boot
from tests.support.nautobot import this_instance

WITH_APPS = pytest.mark.skipif(
    (this_instance().kind, settings.VERSION) != ("apps", "2.4.44"),
    reason="needs Nautobot 2.4.44 with Apps",
)
APPS = {
    "nautobot-plugin-nornir",
    "nautobot-golden-config",
    "nautobot-ssot",
    "nautobot-device-lifecycle-mgmt",
}


@WITH_APPS
@pytest.mark.apps
@pytest.mark.network
@pytest.mark.usefixtures("broken")
def test_preflight_healthy_installation_with_apps_lacks_only_a_backup():
    report = run_preflight(RunRequest(target="3.2.7"))
    reported = [one.key for one in report.findings() if one.finding.severity is not Severity.INFO]
    assert reported == ["backup.unproven:backup"]
    assert report.verdict is Verdict.CAUTION
    findings = {one.key: one.finding for one in report.findings()}
    evidence = findings["packages.app_version_changes:apps"].evidence
    assert {line.partition(":")[0] for line in evidence} == APPS
    changes = {one.name: one for one in report.packages}
    assert (changes["nautobot"].before, changes["nautobot"].after) == ("2.4.44", "3.2.7")
    assert changes.keys() >= APPS
    constraints = report.package_files["constraints.txt"]
    assert "nautobot==3.2.7" in constraints
    assert "--hash=sha256:" in constraints


@pytest.mark.once
@pytest.mark.network
def test_preflight_unreachable_index_is_incomplete(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:planted@127.0.0.1:1/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    report = run_preflight(RunRequest(target="3.2.7"))
    assert report.verdict is Verdict.INCOMPLETE
    unknown = {"trial_boot", "customizations", "preconditions", "data_migrations", "rollback"}
    unknown |= {"releases", "packages", "post_upgrade", "filter_results"}
    assert {one.topic for one in report.not_checked} == unknown
    reasons = " ".join(one.reason for one in report.not_checked)
    assert "127.0.0.1:1" in reasons
    assert "planted" not in reasons
    assert [path.name for path in Path(tmp_path).iterdir()] == ["cache"]


@pytest.mark.once
@pytest.mark.network
def test_preflight_resolve_disabled_states_the_setting(monkeypatch):
    monkeypatch.setitem(settings.PLUGINS_CONFIG, "nautobot_upgrade_jobs", {"resolve": False})
    report = run_preflight(RunRequest(target="3.2.7"))
    assert report.not_checked
    assert all("resolve is False" in one.reason for one in report.not_checked)


@pytest.mark.once
@pytest.mark.network
@pytest.mark.parametrize(
    ("forbidden", "request_", "reason"),
    [
        ({"allow_build": False}, RunRequest(target="3.1.8"), "allow_build"),
        ({}, RunRequest(target="3.1.8", may_build=False), "build_target"),
        ({}, RunRequest(target="3.1.8", build=False), "request"),
        (
            {"allowed_packages": ["nautobot-ssot"]},
            RunRequest(target="3.1.8", is_form=True, requirements="pyjokes==0.8.3\nnautobot-ssot"),
            "pyjokes: not installed here",
        ),
    ],
)
def test_preflight_build_not_allowed_states_the_reason(monkeypatch, forbidden, request_, reason):
    monkeypatch.setitem(settings.PLUGINS_CONFIG, "nautobot_upgrade_jobs", forbidden)
    report = run_preflight(request_)
    (stated,) = {one.reason for one in report.not_checked if one.topic == "trial_boot"}
    assert reason in stated


@pytest.mark.once
def test_redact_trial_boot_redacts_messages_and_keeps_names(monkeypatch):
    """Failures of the target are redacted; names of migrations and Apps are not."""
    monkeypatch.setattr(
        "nautobot_upgrade_jobs.collect.support.redaction.configured_secrets", lambda: ("nautobot",)
    )
    key = "nautobot_ssot.0001_initial"
    facts = Facts(migrations=Migrations((), (key,), ("nautobot_ssot",)))
    frame = Frame("/opt/nautobot/f.py", 1, "nautobot_start", "nautobot_ssot", "nautobot-ssot")
    failure = Failure("apps", "E_nautobot", "login nautobot refused", (frame,))
    redacted = _redact_trial_boot(
        TrialBoot("3.2.7", facts, (AppLoadFailure("nautobot_ssot", failure),), (), failure)
    )
    assert redacted.facts == facts
    assert redacted.app_load_failures[0].module == "nautobot_ssot"
    messages = {redacted.failure.message, redacted.app_load_failures[0].failure.message}
    assert messages == {"login *** refused"}
    assert redacted.failure.error == "E_***"
    assert redacted.failure.frames == (
        Frame("/opt/***/f.py", 1, "***_start", "nautobot_ssot", "nautobot-ssot"),
    )
    assert _redact_trial_boot(Unavailable("login nautobot refused")).reason == "login *** refused"
