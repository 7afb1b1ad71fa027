"""Secrets are planted where installations have them; no artefact or trace of a run has one."""

import base64
import gzip
import os
import urllib.parse
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from nautobot.dcim.models import Device
from nautobot.extras.models import (
    GitRepository,
    GraphQLQuery,
    JobLogEntry,
    JobResult,
    ScheduledJob,
    Secret,
    Webhook,
)

from nautobot_upgrade_jobs.report import FORMATS
from nautobot_upgrade_jobs.workflows.capture import capture
from nautobot_upgrade_jobs.workflows.compare import compare_snapshots
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.preflight import run_preflight
from tests.support.canaries import ENVIRONMENT, PLUGINS_CONFIG, SETTINGS, plant
from tests.support.traces import record_traces

PLACES = (
    "setting",
    "nested",
    "dsn",
    "broker",
    "environment",
    "plugins_config",
    "config_file",
    "secret",
    "git",
    "job_variable",
    "job_result",
    "webhook_header",
    "webhook_secret",
    "log",
    "context",
    "requirements",
    "error",
    "psk",
    "pin",
    "logins",
    "graphql",
)
TOKENS = {
    "environment, harmless name": "16C7e42F292c6912E771",
    "setting, harmless name": "0c838347Ae178B4a6912",
    "path in requirements": "4a6912E7710c838347Ae",
    "path of repository": "7F292c6912E7710c8383",
    "basic authentication": "C7e42F2ae92c6912E77x",
}
"""Random values in places whose names do not say that they are secret."""
PLANTED = {place: f"pl@nted/{place}&{number:03}=" for number, place in enumerate(PLACES)}


CANARIES: dict[str, str] = {}
CANARY_SETTINGS = plant(SETTINGS, "settings", CANARIES)
UNUSED_SETTINGS = {
    name: value
    for name, value in CANARY_SETTINGS.items()
    if not hasattr(settings, name) and name != "SENTRY_DSN"
}
CANARY_PLUGINS_CONFIG = plant(PLUGINS_CONFIG, "apps", CANARIES)
CANARY_ENVIRONMENT = plant(ENVIRONMENT, "environment", CANARIES)
QUOTES_EVERYTHING = """
import os
raise RuntimeError(f"{dict(os.environ)} {globals()}")
"""


def forms(secret):
    """Yield the secret in plain text and in its usual encodings."""
    raw = secret.encode()
    yield from (raw, urllib.parse.quote(secret, safe="").encode())
    yield from (urllib.parse.quote(secret).encode(), urllib.parse.quote_plus(secret).encode())
    yield from (base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"="))
    yield from (secret.replace("/", "\\/").encode(), secret.replace("&", "&amp;").encode())
    yield from (raw[::-1], raw.hex().encode(), raw.hex().upper().encode())


def pieces(token):
    return {token[start : start + 8].encode() for start in range(len(token) - 7)}


@pytest.fixture
def planted(clone, monkeypatch, tmp_path):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.REPLY_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setenv("NAUTOBOT_EXAMPLE_TOKEN", PLANTED["environment"])
    monkeypatch.setenv("EXAMPLE_CONTEXT", f"a={TOKENS['environment, harmless name']}")
    config = tmp_path / "nautobot_config.py"
    for name, value in CANARY_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    source = Path(settings.SETTINGS_PATH).read_text()
    config.write_text(f"{source}\nMAIL_PASSWORD = {PLANTED['config_file']!r}\n")
    (tmp_path / "local_requirements.txt").write_text(
        f"--index-url https://user:{PLANTED['requirements']}@index.example/simple\n"
        f"example @ https://index.example/{TOKENS['path in requirements']}/example-1.0.whl?a=b\n"
    )
    with (
        clone("sample"),
        override_settings(
            SETTINGS_PATH=str(config),
            NAUTOBOT_ROOT=str(tmp_path),
            EMAIL_HOST_PASSWORD=PLANTED["setting"],
            NAPALM_ARGS={
                "secret": PLANTED["nested"],
                "vpn_psk": PLANTED["psk"],
                "pin": PLANTED["pin"],
                "logins": [("admin", PLANTED["logins"])],
                "context": TOKENS["setting, harmless name"],
                "login": TOKENS["basic authentication"],
            },
            SENTRY_DSN=f"https://key:{quoted('dsn')}@sentry.example/1",
            CELERY_BROKER_URL=f"redis://:{quoted('broker')}@127.0.0.1:1/0",
            PLUGINS_CONFIG=settings.PLUGINS_CONFIG
            | {"some_app": {"api_key": PLANTED["plugins_config"]}}
            | CANARY_PLUGINS_CONFIG,
            TYPICAL_SETTINGS=CANARY_SETTINGS,
            **UNUSED_SETTINGS,
        ),
    ):
        before = capture().snapshot
        plant_rows()
        yield before


def quoted(place):
    return urllib.parse.quote(PLANTED[place], safe="")


def plant_rows():
    Secret.objects.create(
        name="planted",
        provider="environment-variable",
        parameters={"variable": PLANTED["secret"]},
    )
    GitRepository.objects.bulk_create(
        [
            GitRepository(
                name="planted",
                slug="planted",
                branch="main",
                remote_url=f"https://me:{quoted('git')}@git.example/repo.git?token={quoted('git')}",
            ),
            GitRepository(
                name="planted too",
                slug="planted_too",
                branch="main",
                remote_url=f"https://git.example/{TOKENS['path of repository']}/other.git",
            ),
        ]
    )
    ScheduledJob.objects.update(kwargs={"password": PLANTED["job_variable"]})
    result = JobResult.objects.create(name="x", task_kwargs={"token": PLANTED["job_result"]})
    JobLogEntry.objects.create(
        job_result=result, log_level="info", grouping="x", message=PLANTED["log"]
    )
    Webhook.objects.update(
        additional_headers=f"Authorization: {PLANTED['webhook_header']}",
        secret=PLANTED["webhook_secret"],
    )
    GraphQLQuery.objects.bulk_create(
        [
            GraphQLQuery(
                name="planted",
                query=f'{{ devices(name: ["x"], id: "{PLANTED["graphql"]}") {{ nothing }} }}',
            )
        ]
    )
    Device.objects.update(local_config_context_data={"password": PLANTED["context"]})


def artefacts(before):
    """Yield every artefact of the Jobs in every format, with its name."""
    captured = capture()
    yield "snapshot", gzip.decompress(captured.data)
    for report in (
        run_preflight(RunRequest(target="3.2.7")),
        compare_snapshots(before, captured.snapshot),
    ):
        for name, render in FORMATS.items():
            yield f"{report.kind} {name}", render(report).encode()


def find_secrets(data):
    """Return the name of each artefact with a secret, and the place where it was planted."""
    whole = {**PLANTED, **CANARIES}
    searched = {place: set(forms(secret)) for place, secret in whole.items()}
    searched |= {place: {*forms(token), *pieces(token)} for place, token in TOKENS.items()}
    assert len(searched) > 100
    return {
        (name, place)
        for name, content in data.items()
        for place, texts in searched.items()
        if any(text in content for text in texts)
    }


@pytest.mark.once
@pytest.mark.slow
def test_artefacts_contain_no_planted_secret(planted, monkeypatch):
    from nautobot_upgrade_jobs.collect import redis

    def fail(context):
        basic = base64.b64encode(f"me:{TOKENS['basic authentication']}".encode()).decode()
        raise ConnectionError(
            f"{settings.NAPALM_ARGS} {settings.CELERY_BROKER_URL} {dict(os.environ)} Basic {basic}"
            f" {settings.PLUGINS_CONFIG} {settings.TYPICAL_SETTINGS}"
        )

    artefact_data = dict(artefacts(planted))
    monkeypatch.setattr(redis, "collect", fail)
    artefact_data |= {f"{name}, with an error": data for name, data in artefacts(planted)}
    assert len(artefact_data) == 2 * (1 + 2 * len(FORMATS))
    assert find_secrets(artefact_data) == set()
    # Text that is not secret is found, so the search works.
    assert b"git.example/repo.git" in artefact_data["snapshot"]
    assert b"local_config_context_data" in artefact_data["compare json"]


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    "ending",
    [pytest.param("", id="starts"), pytest.param(QUOTES_EVERYTHING, id="quotes all settings")],
)
def test_trial_boot_shows_and_stores_no_planted_secret(planted, monkeypatch, ending):
    """The processes and scratch folders of a run with an index, too."""
    for name in ("HTTPS_PROXY", "PIP_EXTRA_INDEX_URL"):  # Nothing answers there.
        monkeypatch.delenv(name)
    (Path(settings.NAUTOBOT_ROOT) / "local_requirements.txt").unlink()
    with Path(settings.SETTINGS_PATH).open("a") as config:
        config.write(f"TYPICAL_SETTINGS = {CANARY_SETTINGS!r}\n{ending}")
    with record_traces() as traces:
        report = run_preflight(RunRequest(target="3.2.7"))
    assert find_secrets(traces) == set()
    data = {name: render(report).encode() for name, render in FORMATS.items()}
    assert find_secrets(data) == set()
    keys = {each.key for each in report.findings()}
    assert ("trial_boot.fails_to_start:nautobot_config.py" in keys) is bool(ending)
    assert ("customizations.already_broken:GraphQL query planted" in keys) is not bool(ending)
    assert any(name.startswith("scratch folder") for name in traces)
    assert any(b"nautobot" in each for name, each in traces.items() if name.startswith("process"))
