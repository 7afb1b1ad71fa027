"""The table of a run's findings and the page of one finding, in Nautobot."""

import csv
import json
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from nautobot.dcim.models import Location, LocationType
from nautobot.extras.models import Job, Status
from nautobot.users.models import User

from nautobot_upgrade_jobs.ui import navigation, run_findings
from nautobot_upgrade_jobs.ui.job_runs import iter_runs
from tests.support.finished_runs import DOCUMENT, RESULT, finished, page_text

pytestmark = [pytest.mark.live, pytest.mark.lines]


def finding(key, severity="blocker", **changes):
    (example,) = DOCUMENT["findings"]
    check = key.partition(":")[0]
    return {**example, "key": key, "check": check, "severity": severity, **changes}


def report(*findings, **changes):
    checks = [{"check": one} for one in ("data.cables", "redis.version", "settings.removed")]
    text = json.dumps({**DOCUMENT, "checks": checks, "findings": list(findings), **changes})
    return [("preflight-lab.json", text)]


ACCEPTED = {"who": "ann", "until": "2027-01-31", "reason": "=CHG-1"}
FINDINGS = (
    finding("data.cables:dcim_cable"),
    finding("redis.version:5.0", "warning", message="Redis 5.0 is <b>old</b>", when="window"),
    finding("settings.removed:X", "warning", message="X is gone", accepted=ACCEPTED),
)


@pytest.fixture
def shown(nautobot):
    """Two runs for one target, the older with another finding, and a logged-in client."""
    gone = finding("settings.removed:Y", "info", message="Y is gone")
    older = finished(files=report(FINDINGS[0], gone))
    newer = finished(files=report(*FINDINGS))
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    yield SimpleNamespace(older=older, newer=newer, client=client)
    for run in (older, newer):
        run.delete()


def get(shown, run, page="findings", **query):
    url = reverse(f"plugins:nautobot_upgrade_jobs:{page}", args=[run.pk])
    return shown.client.get(url, query)


def keys(shown, **query):
    answer = get(shown, shown.newer, export="json", **query)
    return [one["key"] for one in json.loads(answer.content)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["redis.version:5.0", *("data.cables:dcim_cable", "settings.removed:X")]),
        ({"status": "new"}, ["redis.version:5.0"]),
        ({"status": "fixed"}, ["settings.removed:Y"]),
        ({"severity": "blocker"}, ["data.cables:dcim_cable"]),
        ({"area": "settings", "severity": "warning"}, ["settings.removed:X"]),
        ({"q": "REDIS"}, ["redis.version:5.0"]),
        ({"q": "no such text"}, []),
        ({"severity": "' OR 1=1"}, ["redis.version:5.0", "data.cables:dcim_cable"]),
    ],
)
def test_findings_are_filtered_by_the_query(shown, query, expected):
    found = keys(shown, **query)
    assert found[: len(expected)] == expected
    assert len(found) == len(expected) or query in ({}, {"severity": "' OR 1=1"})


def test_table_shows_counts_links_and_escaped_text(shown):
    answer = get(shown, shown.newer)
    html, text = answer.content.decode(), page_text(answer)
    assert "4 of 4 findings" in text
    assert "warning (2)" in text
    assert "Redis 5.0 is &lt;b&gt;old" in html
    assert f"/runs/{shown.older.pk}/finding/?key=settings.removed%3AY" in html  # fixed
    assert f"/runs/{shown.newer.pk}/finding/?key=redis.version%3A5.0" in html
    assert "by ann until 2027-01-31: =CHG-1" in text


@pytest.mark.parametrize(("sort", "first"), [("severity", "blocker"), ("-severity", "info")])
def test_table_is_sorted_by_urgency_and_not_by_the_alphabet(shown, sort, first):
    html = get(shown, shown.newer, sort=sort).content.decode()
    body = html[html.index("<tbody") :]
    words = [one.partition("<")[0] for one in body.split('<span class="u-word">')[1:]]
    assert words[0] == first


def test_csv_export_has_the_filtered_findings_without_formulas(shown):
    answer = get(shown, shown.newer, export="csv", area="settings", status="accepted")
    assert answer["Content-Disposition"] == 'attachment; filename="findings-preflight-3.2.7.csv"'
    (row,) = csv.DictReader(answer.content.decode().splitlines(keepends=True))
    assert (row["status"], row["severity"], row["key"]) == (
        *("accepted", "warning", "settings.removed:X"),
    )
    assert row["acceptance"] == "by ann until 2027-01-31: =CHG-1"
    assert row["commands"] == "DELETE FROM dcim_cable\ntrue </pre><script>"


def test_invalid_filter_is_named(shown):
    assert "Select a valid choice" in page_text(get(shown, shown.newer, status="lost"))


def test_finding_page_says_what_why_and_what_to_do(shown):
    answer = get(shown, shown.newer, "finding", key="data.cables:dcim_cable")
    html, text = answer.content.decode(), page_text(answer)
    assert "To do now: Delete the cable." in text
    assert "In psql or mysql: DELETE FROM dcim_cable" in text
    assert "true &lt;/pre&gt;&lt;script&gt;" in html
    assert "Fails at: migrate. Impact: data loss." in text
    assert '<a href="/dcim/cables/">' in html
    assert "/no/such/page/" in text
    assert 'href="/no/such/page/"' not in html
    assert "javascript:" not in html
    assert 'href="https://docs.nautobot.com/"' in html


def test_finding_page_shows_the_history_over_the_runs_of_the_target(shown):
    for key, statuses in (
        ("data.cables:dcim_cable", ["open", "open"]),
        ("redis.version:5.0", ["open", "fixed"]),
        ("settings.removed:X", ["accepted", "fixed"]),
    ):
        user = User.objects.get(username="admin")
        newest = next(iter_runs(user, "preflight"))
        found = run_findings.list_occurrences(newest, key, user)
        assert [one.status for one in found][:2] == statuses


@pytest.mark.parametrize("key", ["", "data.cables:other", "settings.removed:Y", "x" * 5000])
def test_unknown_finding_is_not_found(shown, key):
    assert get(shown, shown.newer, "finding", key=key).status_code == 404


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        "{",
        json.dumps({"findings": [{"key": "a:b", "commands": 3, "evidence": {}, "phase": []}]}),
        json.dumps({"findings": [{"key": "a:b", "commands": [{"kind": [], "text": 7}]}]}),
    ],
)
def test_forged_report_breaks_no_page(shown, document):
    run = finished(files=[("preflight-forged.json", document)])
    assert get(shown, run).status_code in (200, 404)
    assert get(shown, run, "finding", key="a:b").status_code in (200, 404)
    run.delete()


def test_evidence_links_only_rows_that_exist_and_may_be_viewed(shown):
    admin, other = User.objects.get(username="admin"), User.objects.create(username="reader")
    kind = LocationType.objects.create(name="evidence")
    status = Status.objects.get_for_model(Location).first()
    place = Location.objects.create(name="evidence", location_type=kind, status=status)
    line = f"dcim_location {place.pk}"
    assert run_findings.find_page(line, admin) == place.get_absolute_url()
    assert run_findings.find_page(line, other) == ""
    place.delete()
    kind.delete()
    for text in (line, "no_table 3f0c", "//example.org/", "/no/such", "dcim_location " + "-" * 36):
        assert run_findings.find_page(text, admin) == ""


def test_trend_counts_the_runs_of_the_target(shown):
    other = finished(result={**RESULT, "target_version": "3.1.8"}, files=report())
    limited = finished(files=report(), task_kwargs={"only": "data.cables"})
    text = page_text(get(shown, shown.newer))
    assert "Trend" in text
    user = User.objects.get(username="admin")
    newest = next(iter_runs(user, "preflight"))
    assert newest.key == str(other.pk)  # a limited run answers for no target
    newest = next(iter_runs(user, "preflight", target="3.2.7"))
    trend = [one.key for one in run_findings.list_trend(newest, user)]
    assert trend[-2:] == [str(shown.older.pk), str(shown.newer.pk)]
    for run in (other, limited):
        run.delete()


def test_recheck_fills_the_form_with_the_check_and_the_target(shown):
    Job.objects.filter(name="Preflight", module_name__startswith="nautobot_upgrade_jobs").update(
        enabled=True
    )
    html = get(shown, shown.newer, "finding", key="redis.version:5.0").content.decode()
    assert "?target=3.2.7&amp;only=redis.version" in html


@pytest.mark.parametrize(
    ("changes", "fields", "expected"),
    [
        ({}, {}, "Upgrade: 8 blockers"),
        ({"findings": {"blocker": 0}}, {}, "Upgrade"),
        ({"current": "Nautobot 1.0.0"}, {}, "Upgrade"),  # before the last upgrade
        ({"verdict": "error"}, {}, None),  # has no verdict, so an older run counts
        ({}, {"task_kwargs": {"only": "data.cables"}}, None),
    ],
)
def test_menu_shows_the_open_blockers_of_the_newest_preflight(nautobot, changes, fields, expected):
    current = f"Nautobot {version('nautobot')}"
    run = finished(
        result={**RESULT, "current": current, "findings": {"blocker": 8}, **changes}, **fields
    )
    label = navigation.BlockerLabel("Upgrade")
    shown = Template("{{ label }}").render(Context({"label": label}))
    run.delete()
    assert (shown == expected) if expected else (shown != "Upgrade: 8 blockers")
    assert (str(label), f"{label}", {label: 1}["Upgrade"]) == ("Upgrade", "Upgrade", 1)


def test_menu_reads_the_number_once_a_minute_and_survives_errors(nautobot, monkeypatch):
    calls = []
    monkeypatch.setattr(navigation, "count_open_blockers", lambda: calls.append(1) or 2)
    label = navigation.BlockerLabel("Upgrade")
    assert {label.__html__() for _ in range(3)} == {"Upgrade: 2 blockers"}
    assert len(calls) == 1

    def fail():
        raise RuntimeError("no database")

    monkeypatch.setattr(navigation, "count_open_blockers", fail)
    assert navigation.BlockerLabel("Upgrade").__html__() == "Upgrade"
