"""The table of a run's findings and the page of one finding, in Nautobot."""

import csv
import json
import re
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
from nautobot_upgrade_jobs.ui.job_runs import iter_runs, parse_run
from nautobot_upgrade_jobs.ui.run_files import load_report
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
    assert "4 of 4 rows: 3 findings of this run" in text
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
        json.dumps({"kind": [], "shell_setup": 3, "steps": [{}], "findings": [{"key": "a:b"}]}),
        json.dumps({"findings": [{"key": "a:b", "message": "\ud800", "evidence": ["\ud800"]}]}),
        "[" * 100_000,
    ],
)
def test_forged_report_breaks_no_page(shown, document):
    run = finished(files=[("preflight-forged.json", document)])
    assert get(shown, run).status_code in (200, 404)
    assert get(shown, run, "finding", key="a:b").status_code in (200, 404)
    assert get(shown, run, "plan").status_code in (200, 404)
    for export in ("csv", "json"):
        assert get(shown, run, export=export).status_code in (200, 404)
    run.delete()


def test_evidence_links_only_rows_that_exist_and_may_be_viewed(shown):
    admin, other = User.objects.get(username="admin"), User.objects.create(username="reader")
    kind = LocationType.objects.create(name="evidence")
    status = Status.objects.get_for_model(Location).first()
    place = Location.objects.create(name="evidence", location_type=kind, status=status)
    row, page = f"dcim_location {place.pk}", place.get_absolute_url()
    for text in (row, row.replace("-", ""), page):  # MySQL has keys without hyphens
        assert run_findings.find_page(text, admin) == page
        assert run_findings.find_page(text, other) == ""
    place.delete()
    kind.delete()
    others = ("//example.org/", "/no/such", "/logout/", "/dcim/locations/", "no_table 3f0c")
    for text in (row, page, "dcim_location " + "-" * 36, *others):
        assert run_findings.find_page(text, admin) == ""


def test_trend_counts_the_runs_of_the_target(shown):
    other = finished(result={**RESULT, "target_version": "3.1.8"}, files=report())
    limited = finished(result={**RESULT, "only": ["data.cables"]}, files=report())
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
        ({"only": ["data.cables"]}, {}, None),
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


def test_old_run_is_compared_with_the_run_before_it(shown):
    user = User.objects.get(username="admin")
    newer = [finished(files=report()) for _ in range(run_findings.MAX_RUNS + 2)]
    run = parse_run(shown.newer)
    comparison = run_findings.compare_with_previous(run, load_report(run, user), user)
    assert comparison.older.key == str(shown.older.pk)
    seen = [one.run.key for one in run_findings.list_occurrences(run, "redis.version:5.0", user)]
    assert run.key in seen
    for one in newer:
        one.delete()


@pytest.mark.parametrize(
    ("result", "fields", "is_full"),
    [
        (RESULT, {"only": ","}, True),
        (RESULT, {"only": ""}, True),
        (RESULT, {"only": None}, True),
        ({**RESULT, "only": ["data.cables"]}, {"only": "data.cables"}, False),
        (None, {"only": "data.cables"}, False),
        (None, {}, True),
        ({"exc_message": "x"}, {"only": "data.cables"}, False),
    ],
)
def test_run_is_limited_if_its_result_says_so_or_without_one_its_form(
    nautobot, result, fields, is_full
):
    run = finished(result=result, task_kwargs=fields)
    user = User.objects.get(username="admin")
    newest = next(iter_runs(user, "preflight", 1), None)
    assert (newest is not None and newest.key == str(run.pk)) is is_full
    run.delete()


def test_after_a_limited_run_the_next_step_is_a_full_run(shown):
    Job.objects.filter(name="Preflight", module_name__startswith="nautobot_upgrade_jobs").update(
        enabled=True
    )
    fields = {"only": "data.cables", "target": "3.2.7", "backup": "nightly.dump"}
    run = finished(result={**RESULT, "only": ["data.cables"]}, files=report(), task_kwargs=fields)
    html = get(shown, run).content.decode()
    assert "Run Preflight with all checks" in html
    (link,) = re.findall(r'\?([^"]+)">Run Preflight with all checks', html)
    assert set(link.split("&amp;")) == {"target=3.2.7", "backup=nightly.dump"}
    run.delete()


def test_check_of_one_finding_repeats_the_fields_that_change_findings(shown):
    Job.objects.filter(name="Preflight", module_name__startswith="nautobot_upgrade_jobs").update(
        enabled=True
    )
    fields = {"target": "3.2.7", "backup": "nightly.dump", "requirements": "nautobot-ssot==4.7.0"}
    run = finished(files=report(*FINDINGS), task_kwargs=fields)
    html = get(shown, run, "finding", key="redis.version:5.0").content.decode()
    assert "only=redis.version&amp;requirements=nautobot-ssot%3D%3D4.7.0&amp;backup=night" in html
    run.delete()


def test_pages_are_offered_whenever_a_row_is_on_another_page(shown):
    assert "Showing" not in page_text(get(shown, shown.newer))
    assert "Showing 1-2 of 4" in page_text(get(shown, shown.newer, per_page="2"))


def test_runs_without_a_readable_report_are_not_linked(shown):
    lost = finished(result={**RESULT, "current": f"Nautobot {version('nautobot')}"})
    page = get(shown, shown.newer).content.decode()
    assert f"/runs/{lost.pk}/findings/" not in page
    home = shown.client.get(reverse("plugins:nautobot_upgrade_jobs:home")).content.decode()
    assert f"/runs/{lost.pk}/findings/" not in home
    lost.delete()


@pytest.mark.parametrize("key", ["data.cables:" + "x" * 500, "jobs.running:night\u200e run"])
def test_links_of_causes_have_the_exact_key(shown, key):
    top = [{"severity": "blocker", "key": key, "message": "bad"}]
    run = finished(result={**RESULT, "top": top}, files=report(finding(key)))
    html = shown.client.get(reverse("plugins:nautobot_upgrade_jobs:home")).content.decode()
    (link,) = re.findall(rf'/runs/{run.pk}/finding/\?key=[^"]+', html)
    assert shown.client.get("/plugins/upgrade-jobs" + link).status_code == 200
    run.delete()
