"""The pages of the App inside Nautobot: permissions, and escaping of hostile text."""

import io
import json
import re
import zipfile
from html import unescape
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from nautobot.extras.models import FileProxy, Job, JobLogEntry, JobResult
from nautobot.users.models import ObjectPermission, User

from nautobot_upgrade_jobs.app_settings import read_configuration
from nautobot_upgrade_jobs.checks.registry import all_checks
from nautobot_upgrade_jobs.ui import dashboard as overview
from nautobot_upgrade_jobs.ui import template_content as job_result
from nautobot_upgrade_jobs.ui import views
from tests.support.finished_runs import DOCUMENT, RESULT, finished, page_text

pytestmark = [pytest.mark.live, pytest.mark.lines]

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) **bold** | pipe `code`",
    "\x1b[31mred\x1b[0m",
    "\u202etxet edoc \u2066",
    "'; touch pwned; echo '",
    "x" * 5_000,
)
REPORT = '<!doctype html>\n<html lang="en"><body>The report itself<script>alert(1)</script>'
GRANTS = {
    "none": [],
    "results": [("view", "jobresult")],
    "viewer": [("view", "jobresult"), ("view", "fileproxy"), ("view", "joblogentry")],
    "runner": [("view", "jobresult"), ("view", "fileproxy"), ("run", "job"), ("view", "job")],
    "acceptor": [("view", "jobresult"), ("view", "fileproxy"), ("accept_findings", "job")],
}
GRANTS["constrained"] = [*GRANTS["runner"], ("accept_findings", "job")]
ELSEWHERE = {"jobresult": {"name": "Another Job"}, "job": {"name": "Capture Snapshot"}}
"""Constraints that exclude this result and this Job."""


@pytest.fixture(scope="module")
def shown(nautobot):
    """A run with its files, and a client for each kind of user."""
    Job.objects.filter(module_name__startswith="nautobot_upgrade_jobs.jobs.").update(enabled=True)
    files = [("preflight-lab.html", REPORT), ("preflight-lab.json", json.dumps(DOCUMENT))]
    run = finished(files=files)
    clients = {"anonymous": Client(), "superuser": Client()}
    clients["superuser"].force_login(User.objects.get(username="admin"))
    for name in GRANTS:
        user = User.objects.create(username=f"ui {name}")
        for action, model in GRANTS[name]:
            made = ObjectPermission.objects.create(
                name=f"{name} {action} {model}",
                actions=[action],
                constraints=ELSEWHERE.get(model) if name == "constrained" else None,
            )
            made.object_types.set([ContentType.objects.get(app_label="extras", model=model)])
            made.users.set([user])
        clients[name] = Client()
        clients[name].force_login(user)
    return SimpleNamespace(run=run, clients=clients)


OF_A_RUN = ("verdict", "report", "files", "plan", "findings", "finding")


def address(page, run):
    names = dict.fromkeys(("home", "running", "accept", "docs", "checks"), ())
    names |= dict.fromkeys(OF_A_RUN, (run.pk,))
    if page == "status":
        return reverse("plugins-api:nautobot_upgrade_jobs-api:status")
    if page == "file":
        return reverse("extras-api:fileproxy-download", args=[run.files.first().pk])
    if page == "form":
        return reverse("extras:job_run", args=[run.job_model.pk])
    if page == "start":
        return reverse("extras-api:job-run", args=[run.job_model.pk])
    url = reverse(f"plugins:nautobot_upgrade_jobs:{page}", args=names[page])
    return f"{url}?key=data.cables:dcim_cable" if page == "finding" else url


LOGIN, REFUSED, NOT_FOUND, SHOWN = 302, 403, 404, 200
STARTED = 503
"""The user may start the Job, but no worker uses this database."""
PAGES = (
    *("home", "running", *OF_A_RUN),
    *("accept", "status", "file", "docs", "checks", "form", "start"),
)
SEES = {"home": SHOWN, "running": SHOWN, "status": SHOWN, "verdict": SHOWN}
READS = {**SEES, **dict.fromkeys(OF_A_RUN, SHOWN), "file": SHOWN}
RUNS = {"form": SHOWN, "start": STARTED}
MATRIX = {
    "anonymous": {**dict.fromkeys(PAGES, LOGIN), "status": REFUSED, "file": REFUSED}
    | {"start": REFUSED},
    "none": {},
    "results": {**dict.fromkeys(OF_A_RUN, NOT_FOUND), **SEES},
    "viewer": READS,
    "runner": READS | RUNS,
    "acceptor": READS | {"accept": SHOWN},
    "constrained": READS | dict.fromkeys((*OF_A_RUN, "form", "start"), NOT_FOUND),
    "superuser": READS | RUNS | {"accept": SHOWN},
}
"""Other pages are refused, except the documentation, which every logged-in user may read."""


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", MATRIX)
def test_page_status_follows_the_permission_matrix(who, page, shown, documented):
    client, address_ = shown.clients[who], address(page, shown.run)
    if page == "start":
        answer = client.post(address_, {"data": {"target": "3.2.7"}}, "application/json")
    else:
        answer = client.get(address_)
    otherwise = SHOWN if page in ("docs", "checks") else REFUSED
    assert answer.status_code == MATRIX[who].get(page, otherwise)


@pytest.fixture
def documented(monkeypatch, tmp_path):
    """The documentation, as in a wheel."""
    (tmp_path / "index.html").write_text("The first page")
    (tmp_path.parent / "outside.txt").write_text("not part of the documentation")
    monkeypatch.setattr(views, "BUILT", tmp_path)


def test_checks_page_lists_all_checks(shown):
    text = page_text(shown.clients["none"].get(reverse("plugins:nautobot_upgrade_jobs:checks")))
    for check in all_checks():
        assert check.id in text
    assert "No cable ends on a row that does not exist. Preflight" in text


@pytest.mark.usefixtures("documented")
def test_docs_page_serves_only_packaged_files(shown):
    home = reverse("plugins:nautobot_upgrade_jobs:docs")
    answer = shown.clients["none"].get(home)
    assert b"".join(answer.streaming_content) == b"The first page"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    for path in ("../outside.txt", "%2e%2e/outside.txt", "none.html", "/etc/hostname"):
        assert shown.clients["none"].get(f"{home}{path}").status_code in (400, NOT_FOUND)
    apps = shown.clients["superuser"].get(reverse("apps:apps_list")).content.decode()
    assert home in apps


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    """A checkout, which has the Markdown files only."""
    monkeypatch.setattr(views, "BUILT", tmp_path / "none")


@pytest.mark.usefixtures("checkout")
def test_docs_page_of_a_checkout_is_rendered_from_its_files(shown):
    home = reverse("plugins:nautobot_upgrade_jobs:docs")
    text = shown.clients["none"].get(home).content.decode()
    assert '<h1 id="nautobot-upgrade-jobs">' in text
    pages = re.findall(r'href="((?!https?:)[^"#]+\.md)[#"]', text)
    assert pages
    for page in pages:
        assert shown.clients["none"].get(f"{home}{page}").status_code == SHOWN
    picture = shown.clients["none"].get(f"{home}images/upgrade-light.png")
    assert picture["Content-Type"] == "image/png"
    example = shown.clients["none"].get(f"{home}examples/gate.py")
    assert example["Content-Type"].startswith("text/plain")


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(
    "path",
    [
        *("none.md", "../README.md", "%2e%2e/pyproject.toml", "examples/none.py", "images/../x"),
        *("%00.md", f"{'x' * 300}.md", "images/%00.png"),
    ],
)
def test_docs_page_of_a_checkout_shows_no_other_file(shown, path):
    home = reverse("plugins:nautobot_upgrade_jobs:docs")
    assert shown.clients["none"].get(f"{home}{path}").status_code == NOT_FOUND


@pytest.mark.parametrize(
    ("who", "run", "message", "accept", "start"),
    [
        ("results", True, False, False, False),
        ("viewer", True, True, False, False),
        ("runner", True, True, False, True),
        ("acceptor", True, True, True, False),
        ("constrained", False, False, False, False),
        ("superuser", True, True, True, True),
    ],
)
def test_upgrade_page_shows_only_permitted_content(who, run, message, accept, start, shown):
    page = shown.clients[who].get(address("home", shown.run)).content.decode()
    assert (str(shown.run.pk) in page) is run
    assert ("1 cable is bad" in page) is message
    assert (f"?kwargs_from_job_result={shown.run.pk}" in page) is start
    page = shown.clients[who].get(address("finding", shown.run)).content.decode()
    assert ("/accept/?finding=data.cables%3Adcim_cable&amp;target=3.2.7" in page) is accept
    assert ("only=data.cables" in page) is start
    status = shown.clients[who].get(address("status", shown.run)).json()
    assert (status["jobs"]["preflight"] is not None) is run


@pytest.mark.parametrize(
    ("who", "tab", "again"),
    [("results", False, False), ("viewer", True, False), ("runner", True, True)],
)
def test_job_result_page_shows_panel_report_and_next_steps(who, tab, again, shown):
    answer = shown.clients[who].get(shown.run.get_absolute_url())
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "u-verdict u-blocked" in page
    assert re.search(r"\b1 blocker, 0 warnings\b", page)
    assert ("<iframe" in page) is tab
    assert (f"?kwargs_from_job_result={shown.run.pk}" in page.partition("Files")[0]) is again


def test_job_result_page_of_another_job_is_unchanged(shown):
    other = Job.objects.exclude(module_name__startswith="nautobot_upgrade_jobs.").first()
    made = JobResult.objects.create(name=other.name, job_model=other, status="SUCCESS", result={})
    page = shown.clients["superuser"].get(made.get_absolute_url()).content.decode()
    assert "upgrade-verdict" not in page
    assert "<iframe" not in page
    for name in ("verdict", "report"):
        assert shown.clients["superuser"].get(address(name, made)).status_code == NOT_FOUND


def test_report_page_is_sandboxed(shown):
    answer = shown.clients["viewer"].get(address("report", shown.run))
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"


def test_job_result_page_failing_panel_shows_a_message(shown, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("made to fail")

    monkeypatch.setattr(job_result, "build_verdict_context", fail)
    answer = shown.clients["superuser"].get(shown.run.get_absolute_url())
    assert answer.status_code == 200
    assert job_result.UNAVAILABLE_MESSAGE in answer.content.decode()
    monkeypatch.setattr(job_result, "parse_run", fail)
    answer = shown.clients["superuser"].get(shown.run.get_absolute_url())
    assert answer.status_code == 200
    page = answer.content.decode()
    assert str(shown.run.pk) in page
    assert "upgrade-verdict" not in page


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"findings": 3}'])
def test_upgrade_page_unreadable_report_still_loads(broken, shown):
    run = finished(files=[("preflight-lab.json", broken)])
    assert shown.clients["superuser"].get(address("home", run)).status_code == 200
    run.delete()


def test_upgrade_page_missing_report_file_falls_back_to_an_older_run(shown):
    lost = finished(
        files=[("preflight-z.json", json.dumps(DOCUMENT)), ("preflight-z.html", REPORT)]
    )
    for proxy in lost.files.all():
        proxy.file.storage.delete(proxy.file.name)
    client = shown.clients["superuser"]
    assert client.get(address("report", lost)).status_code == NOT_FOUND
    found = overview.build_dashboard(User.objects.get(username="admin"))["findings"]["comparison"]
    assert found.newer.key == str(shown.run.pk)
    lost.delete()


def test_upgrade_page_run_list_links_only_own_jobs(shown):
    client = shown.clients["superuser"]
    page = client.get(address("home", shown.run)).content.decode()
    path = unescape(re.search(r'href="([^"]*/job-results/\?[^"]*)"', page)[1])
    keys = parse_qs(urlsplit(path).query)["job_model"]
    listed = client.get(reverse("extras-api:jobresult-list"), {"job_model": keys}).json()["results"]
    assert str(shown.run.pk) in {one["id"] for one in listed}
    assert {one["job_model"]["id"] for one in listed} <= set(keys)
    assert client.get(path).status_code == SHOWN


@pytest.mark.parametrize("text", HOSTILE)
def test_pages_escape_hostile_text(text, shown):
    top = [{"severity": "blocker", "key": f"apps.loads:{text}", "message": text}]
    document = {**DOCUMENT, "findings": [{**DOCUMENT["findings"][0], "message": text, "key": text}]}
    run = finished(
        result={
            **RESULT,
            "top": top,
            "unseen": [{"reason": text, "checks": 2}],
            "current": text,
            "target": text,
            "error": text,
        },
        files=[(f"{text[:40]}.html".replace("/", ""), REPORT), ("a.json", json.dumps(document))],
    )
    client = shown.clients["superuser"]
    verdict = address("verdict", run)
    for path in (run.get_absolute_url(), verdict, address("home", run)):
        answer = client.get(path)
        assert answer.status_code == 200
        page = answer.content.decode()
        panel = page if path == verdict else page.partition('class="upgrade"')[2]
        assert "<script>alert(1)" not in panel
        assert not re.search(r"<img[^>]+onerror", panel)
        assert 'href="javascript:' not in panel
    asked = {"finding": text, "target": text, "reason": text, "until": "2099-01-01"}
    page = client.get(address("accept", run), asked).content.decode()
    assert "<script>alert(1)" not in page
    assert not re.search(r"<img[^>]+onerror", page)
    run.delete()


def test_running_page_shows_progress_of_active_runs(shown):
    run = finished(status="STARTED", result=None)
    JobLogEntry.objects.create(
        job_result=run, log_level="info", message="Collecting <b>tables</b>", grouping="collect"
    )
    page = shown.clients["viewer"].get(address("running", run)).content.decode()
    assert "Collecting &lt;b&gt;tables" in page
    assert "data-live=" in page
    assert str(run.pk) in page
    for who, shows_log in (("viewer", True), ("results", False)):
        panel = shown.clients[who].get(address("verdict", run)).content.decode()
        assert ("Collecting" in panel) is shows_log
    key = str(run.pk)
    run.delete()  # other tests may have left other runs
    assert key not in shown.clients["viewer"].get(address("running", shown.run)).content.decode()


def test_metrics_export_the_newest_verdicts(shown):
    from nautobot_upgrade_jobs.ui.metrics import upgrade_metrics

    finished("Verify Migrations", {**RESULT, "verdict": "go"}, status="SUCCESS")
    samples = {
        (
            one.name,
            one.labels.get("upgrade_job"),
            one.labels.get("target"),
            one.labels.get("severity") or one.labels.get("verdict"),
        ): (one.value)
        for family in upgrade_metrics()
        for one in family.samples
    }
    assert samples["nautobot_upgrade_verdict", "verify", "", "go"] == 1
    assert samples["nautobot_upgrade_verdict", "preflight", "", "blocked"] == 1
    assert samples["nautobot_upgrade_findings", "preflight", "", "blocker"] == 1
    assert 0 <= samples["nautobot_upgrade_run_age_seconds", "preflight", "", None] < 600


@pytest.mark.parametrize(
    ("status", "result", "verdict"),
    [
        ("FAILURE", {"verdict": "error", "error": "no such target"}, "error"),
        ("FAILURE", {"exc_type": "OSError", "exc_message": ["disk full"]}, "crashed"),
        ("REVOKED", None, "cancelled"),
    ],
)
def test_metrics_failed_run_keeps_the_previous_findings(status, result, verdict, shown):
    from nautobot_upgrade_jobs.ui.metrics import iter_series, upgrade_metrics

    run = finished(result=result, status=status)
    (known,) = (one.runs for one in iter_series() if (one.kind, one.target) == ("preflight", ""))
    assert known[0][0].verdict == verdict
    samples = [one for family in upgrade_metrics() for one in family.samples]
    assert [
        one.value
        for one in samples
        if one.labels == {"upgrade_job": "preflight", "target": "", "severity": "blocker"}
    ] == [1]
    run.delete()


def test_dashboard_compares_with_the_previous_run_of_the_same_target(shown):
    user = User.objects.get(username="admin")
    first = finished(files=[("preflight-x.json", json.dumps({**DOCUMENT, "findings": []}))])
    other = finished(
        result={**RESULT, "target": "Nautobot 3.1.8", "target_version": "3.1.8"},
        files=[("preflight-y.json", json.dumps({**DOCUMENT, "target": "Nautobot 3.1.8"}))],
    )
    newest = finished(files=[("preflight-z.json", json.dumps(DOCUMENT))])
    found = overview.build_dashboard(user)["findings"]["comparison"]
    assert (found.newer.key, found.older.key) == (str(newest.pk), str(first.pk))
    assert [one.status for one in found.entries] == ["new"]
    assert found.newer.outcome.target_version == "3.2.7"
    for run in (first, other, newest):
        run.delete()


def run_for(target, verdict="blocked", **changes):
    """A Preflight run for a target."""
    result = {**RESULT, "current": "Nautobot 2.4.40", "target_version": target}
    result |= {"target": f"Nautobot {target}", "verdict": verdict, **changes}
    return finished(result=result)


@pytest.fixture
def newer(monkeypatch):
    """Two targets that are newer than the installed release."""
    from nautobot_upgrade_jobs.ui import target_history, target_table

    for module in (target_history, target_table):
        monkeypatch.setattr(module, "version", lambda _: "2.4.40")
    return "2.4.44", "3.2.7"


def test_run_for_one_target_hides_no_other(shown, newer):
    """An alert on the blockers for one target is not silenced by a run for another."""
    from nautobot_upgrade_jobs.ui.metrics import upgrade_metrics

    patch, newest = newer
    runs = [run_for(newest), run_for(patch, "go", findings={"blocker": 0, "warning": 2})]
    blockers = {
        sample.labels["target"]: sample.value
        for family in upgrade_metrics()
        for sample in family.samples
        if sample.labels.get("severity") == "blocker"
        and sample.labels["upgrade_job"] == "preflight"
    }
    assert blockers == {"": 0, patch: 0, newest: 1}
    status = shown.clients["viewer"].get(address("status", shown.run)).json()["targets"]
    assert {target: run["verdict"] for target, run in status.items()} == {
        patch: "go",
        newest: "blocked",
    }
    text = page_text(shown.clients["superuser"].get(address("home", shown.run)))
    assert "Blocked: 1 blocker" in text
    assert "Possible, 2 warnings" in text
    assert "6 security advisories" in text
    for run in runs:
        run.delete()


def test_crashed_run_keeps_the_findings_of_its_target(shown, newer):
    from nautobot_upgrade_jobs.ui.metrics import iter_series

    _, newest = newer
    runs = [run_for(newest), finished(result=None, task_kwargs={"target": newest})]
    found = {one.target: one.runs for one in iter_series() if one.kind == "preflight"}
    assert [outcome.verdict for outcome, _ in found[newest]][:2] == ["crashed", "blocked"]
    for run in runs:
        run.delete()


def test_table_keeps_a_verdict_when_a_later_run_was_refused(shown, newer):
    patch, newest = newer
    runs = [run_for(newest), finished(result={"verdict": "error"}, task_kwargs={"target": newest})]
    runs.append(run_for(patch, "go", current="Nautobot 2.4.39"))  # before the last upgrade
    text = page_text(shown.clients["superuser"].get(address("home", shown.run)))
    assert "Blocked: 1 blocker" in text
    assert text.count("Not checked yet") == 1
    for run in runs:
        run.delete()


@pytest.mark.parametrize("requested", ["9.9.9", "3.3+any text", "v3.2.99", "x", "3.2.99"])
def test_requested_target_that_does_not_exist_is_no_label(shown, newer, requested):
    from nautobot_upgrade_jobs.ui.metrics import iter_series

    run = finished(result={"verdict": "error"}, task_kwargs={"target": requested})
    assert {one.target for one in iter_series()} <= {"", *newer}
    run.delete()


def test_runs_for_targets_that_are_installed_or_invalid_are_no_targets(shown, newer):
    from nautobot_upgrade_jobs.ui.metrics import iter_series

    runs = [run_for("2.4.40"), run_for("2.4.39"), run_for("<script>"), run_for("")]
    runs.append(finished(result={"verdict": "go", "target_version": ["3.2.7"]}))
    targets = {one.target for one in iter_series() if one.kind == "preflight"}
    assert not targets & {"2.4.40", "2.4.39", "<script>"}
    for run in runs:
        run.delete()


def test_archive_contains_all_files_and_no_folders(shown):
    run = finished(files=[("a.txt", "one"), ("b.txt", "two")])
    proxy = FileProxy(name="../../etc/passwd", job_result=run)
    proxy.file.save("c.txt", ContentFile(b"three"))
    answer = shown.clients["viewer"].get(address("files", run))
    assert answer["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "a.txt": b"one",
        "b.txt": b"two",
        "passwd": b"three",
    }
    run.delete()


def test_archive_without_files_is_not_found(shown):
    run = finished()
    assert shown.clients["viewer"].get(address("files", run)).status_code == NOT_FOUND
    run.delete()


def test_form_suggests_the_newer_releases(shown):
    text = shown.clients["superuser"].get(address("form", shown.run)).content.decode()
    assert '<datalist id="target-releases">' in text
    assert 'list="target-releases"' in text


ACCEPTANCE = {
    "finding": "data.cables:dcim_cable",
    "target": "3.2.7",
    "reason": "replaced in <b>May</b>, CHG-1",
    "until": "2099-12-31",
}


@pytest.fixture
def no_acceptances():
    from nautobot_upgrade_jobs.ui import acceptance_store

    yield
    acceptance_store._write([])


@pytest.mark.usefixtures("no_acceptances")
def test_acceptance_of_the_page_is_effective_at_once_and_can_be_withdrawn(shown):
    client, accept = shown.clients["superuser"], address("accept", shown.run)
    assert client.post(accept, ACCEPTANCE).status_code == 302
    (entry,) = read_configuration().acceptances
    assert entry == {**ACCEPTANCE, "who": "admin"}
    assert "replaced in &lt;b&gt;May" in client.get(accept).content.decode()
    client.post(accept, {**ACCEPTANCE, "reason": "again"})  # replaces the first
    assert [one["reason"] for one in read_configuration().acceptances] == ["again"]
    client.post(accept, {**ACCEPTANCE, "target": "3.1.8"})
    client.post(accept, {**ACCEPTANCE, "withdraw": "1"})
    assert [one["target"] for one in read_configuration().acceptances] == ["3.1.8"]


@pytest.mark.usefixtures("no_acceptances")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"until": "2020-01-01"}, "in the past"),
        ({"until": "soon"}, "is not a date"),
        ({"reason": "  "}, "&#x27;reason&#x27; is empty"),
        ({"finding": ""}, "&#x27;finding&#x27; is empty"),
    ],
)
def test_invalid_acceptance_is_not_stored(shown, changes, message):
    answer = shown.clients["superuser"].post(
        address("accept", shown.run), {**ACCEPTANCE, **changes}
    )
    assert (answer.status_code, message in answer.content.decode()) == (400, True)
    assert read_configuration().acceptances == []


@pytest.mark.parametrize("who", [who for who in MATRIX if who != "superuser"])
def test_acceptance_needs_both_permissions(shown, who):
    answer = shown.clients[who].post(address("accept", shown.run), ACCEPTANCE)
    assert answer.status_code == (LOGIN if who == "anonymous" else REFUSED)
    assert read_configuration().acceptances == []


def test_acceptance_needs_a_token_of_the_page(shown):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="admin"))
    assert client.post(address("accept", shown.run), ACCEPTANCE).status_code == REFUSED


@pytest.mark.usefixtures("no_acceptances")
def test_acceptance_of_the_settings_file_takes_precedence(shown, monkeypatch):
    shown.clients["superuser"].post(address("accept", shown.run), ACCEPTANCE)
    own = {**ACCEPTANCE, "who": "file", "reason": "file"}
    ours = {"nautobot_upgrade_jobs": {"acceptances": [own]}}
    monkeypatch.setattr(settings, "PLUGINS_CONFIG", {**settings.PLUGINS_CONFIG, **ours})
    assert read_configuration().acceptances == [own]


def test_plan_page_shows_the_steps_as_text(shown):
    text = shown.clients["viewer"].get(address("plan", shown.run)).content.decode()
    assert "Stop &lt;b&gt;all&lt;/b&gt;" in text
    assert "true &lt;/pre&gt;&lt;script&gt;" in text
    assert text.count("data-step=") == 1
    assert "only the backup can restore" in text


def test_plan_page_of_a_run_without_steps_is_not_found(shown):
    run = finished(files=[("preflight-x.json", json.dumps({**DOCUMENT, "steps": []}))])
    assert shown.clients["viewer"].get(address("plan", run)).status_code == NOT_FOUND
    run.delete()


@pytest.mark.usefixtures("no_acceptances")
@pytest.mark.parametrize(
    "stored",
    [None, {}, "x", [3], [{}], [{**ACCEPTANCE, "who": "x", "until": "soon"}], [ACCEPTANCE]],
)
def test_invalid_stored_acceptance_stops_no_run_and_breaks_no_page(shown, stored):
    from nautobot_upgrade_jobs.ui import acceptance_store

    acceptance_store._write(stored)
    assert read_configuration().acceptances == []
    assert shown.clients["superuser"].get(address("accept", shown.run)).status_code == SHOWN
