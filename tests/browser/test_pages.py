"""The pages of an upgrade in a browser, from Preflight to the comparison."""

import re
from urllib.parse import unquote, urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.usefixtures("no_page_errors")

HOME = "/plugins/upgrade-jobs/"
MINUTES = 240_000
"""Milliseconds; a run on a busy machine."""
OURS = {"include": [[".upgrade"]]}
SERIOUS = ("serious", "critical")
RERUN = "#upgrade-next a[href*='kwargs_from_job_result=']"
"""The link to the form of a Job with the values of an earlier run."""


def faults(page, within=OURS):
    """Return the serious accessibility faults that axe-core finds in the parts of this App.

    Nautobot 2.4 makes a page dark by a filter over the whole page, which axe-core ignores.
    """
    inverted = page.evaluate("getComputedStyle(document.documentElement).filter") != "none"
    rules = {"color-contrast": {"enabled": not inverted}}
    violations = Axe().run(page, context=within, options={"rules": rules}).response["violations"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in violations
        if one["impact"] in SERIOUS
    ]


def fits(page):
    """Return whether no part of this App is wider than the page."""
    return page.evaluate(
        "[...document.querySelectorAll('.upgrade')].every(e => e.scrollWidth <= e.clientWidth + 1)"
    )


def start(page):
    """Start the Job whose form is open, and wait for its verdict."""
    page.get_by_role("button", name=re.compile("Run Job Now|Submit")).first.click()
    expect(page.locator(".u-verdict")).to_be_visible(timeout=MINUTES)
    ended = page.locator(".u-verdict:not(.u-waiting):not(.u-running)")
    expect(ended).to_be_visible(timeout=MINUTES)
    expect(page.locator(f"#upgrade-next a[href='{HOME}']")).to_be_visible()


@pytest.fixture(scope="module")
def preflight(page, rest):
    """The page of a Preflight run that was started from the Upgrade page."""
    page.goto(rest.url + HOME)
    job = rest.job("nautobot_upgrade_jobs.jobs.preflight.Preflight")["id"]
    page.locator(f".u-stages a[href*='{job}/run/']").first.click()
    page.fill("#id_target", "3.2.7")
    if not page.is_checked("#id_skip_build"):
        page.check("#id_skip_build")
    start(page)
    return page.url


def test_result_panel_shows_verdict_and_next_steps(page, preflight):
    page.goto(preflight)
    expect(page.locator(".u-verdict strong")).to_have_text(re.compile("Incomplete|Blocked|Caution"))
    expect(page.locator(RERUN).first).to_be_visible()
    assert faults(page) == []


def test_report_tab_shows_the_report(page, preflight, theme):
    page.goto(preflight)
    with page.expect_response(re.compile("/report/$")):
        page.get_by_text("Report", exact=True).click()
    frame = page.frame_locator(".upgrade iframe")
    expect(frame.locator("h1")).to_contain_text("Preflight", timeout=30_000)
    expect(frame.locator(".verdict strong")).to_be_visible()
    frame.locator("a[href='#checks']").click()  # a link within the document
    assert page.url.startswith(preflight.partition("?")[0])


def test_report_page_is_accessible(page, preflight, rest):
    key = re.search(r"job-results/([0-9a-f-]{36})", preflight)[1]
    page.goto(f"{rest.url}{HOME}runs/{key}/report/")
    # The document allows no scripts, not even axe-core, so the test uses a copy.
    text = re.sub(r"<meta http-equiv[^>]+>", "", page.content())
    page.goto("about:blank")
    page.set_content(text)
    assert faults(page, None) == []


def test_result_panel_files_can_be_downloaded(page, preflight):
    page.goto(preflight)
    for ending in (".html", ".json", ".md"):
        with page.expect_download() as download:
            page.locator(f"#upgrade-next a[href]:has-text('{ending}')").first.click()
        assert download.value.suggested_filename.endswith(ending)
        assert download.value.path().stat().st_size > 1000


def test_next_step_opens_a_filled_form(page, preflight):
    page.goto(preflight)
    page.locator(RERUN).first.click()
    expect(page.locator("#id_target")).to_have_value("3.2.7")
    expect(page.locator("#id_skip_build")).to_be_checked()


def test_upgrade_page_compares_two_snapshots(page, rest):
    job = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"
    older, newer = (
        rest.run_job(job, {"depth": "counts", "target": "3.2.7 with our own Apps"})["id"]
        for _ in range(2)
    )
    page.set_viewport_size({"width": 1920, "height": 900})
    page.goto(rest.url + HOME)
    assert faults(page) == []
    page.check(f"input[name=before][value='{older}']")
    page.check(f"input[name=after][value='{newer}']")
    page.locator("form:has(input[name=before]) button[type=submit]").click()
    for name, key in (("before", older), ("after", newer)):
        expect(page.locator(f"#id_{name}")).to_have_value(key)
    start(page)
    expect(page.locator(".u-verdict strong")).to_have_text(
        re.compile("Go|Caution|Blocked|Incomplete")
    )


def test_finding_is_found_from_the_upgrade_page(page, rest, preflight):
    page.goto(rest.url + HOME)
    page.get_by_role("link", name=re.compile(r"^All \d+ findings?$")).click()
    page.select_option("#id_severity", "info")
    page.get_by_role("button", name="Filter").click()
    assert "severity=info" in page.url
    page.get_by_role("link", name="Severity").click()
    assert {"severity=info", "sort=severity"} <= set(re.split("[?&]", page.url))
    page.locator("tbody a[href*='/finding/?key=']").first.click()
    expect(page.locator(".u-verdict strong")).to_have_text("info")
    page.get_by_role("link", name="Check only this again").click()
    expect(page.locator("#id_only")).not_to_have_value("")
    expect(page.locator("#id_target")).to_have_value("3.2.7")


def test_findings_are_exported_as_filtered(page, rest, preflight):
    page.goto(rest.url + HOME)
    page.get_by_role("link", name=re.compile(r"^All \d+ findings?$")).click()
    for ending in ("CSV", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("link", name=ending, exact=True).click()
        assert download.value.suggested_filename == f"findings-preflight-3.2.7.{ending.lower()}"


def test_accept_page_shows_the_settings_lines(page, rest):
    page.goto(f"{rest.url}{HOME}accept/?finding=data.cables:dcim_cable&target=3.2.7")
    page.fill("#reason", "replaced in <b>May</b>")
    page.get_by_role("button", name="Show the settings entry").click()
    expect(page.locator("pre")).to_contain_text("'reason': 'replaced in <b>May</b>'")
    assert faults(page) == []


def test_finding_is_accepted_and_withdrawn_in_the_page(page, rest):
    key = "data.cables:planted"
    page.goto(f"{rest.url}{HOME}accept/?finding={key}&target=3.2.7")
    page.fill("#reason", "CHG-1")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text(f"Accepted: {key}")).to_be_visible()
    page.goto(f"{rest.url}{HOME}accept/")
    assert faults(page) == []
    page.get_by_role("button", name=f"Withdraw the acceptance of {key}").click()
    expect(page.get_by_text(f"Withdrawn: {key}")).to_be_visible()


def test_plan_page_keeps_its_check_marks(page, preflight):
    page.goto(preflight)
    plan = page.get_by_role("link", name="Open the plan")
    if not plan.count():
        pytest.skip("nothing to upgrade from this release")
    plan.click()
    page.check("[data-step='1']")
    page.reload()
    expect(page.locator("[data-step='1']")).to_be_checked()
    expect(page.locator("[data-done]")).to_contain_text("1 of ")
    page.uncheck("[data-step='1']")


def test_blocker_leads_to_its_place_in_the_report(page, preflight):
    page.goto(preflight)
    details = page.locator("#upgrade-verdict a:has-text('Details in the report')")
    if not details.count():
        pytest.skip("no finding")
    address = details.first.get_attribute("href")
    page.goto(urljoin(preflight, address))
    place = page.locator(f"[id='{unquote(address.partition('#')[2])}']")
    expect(place).to_be_in_viewport()


def test_upgrade_page_leads_to_the_form_of_the_recommended_target(page, rest):
    page.goto(rest.url + HOME)
    recommended = page.locator("tr:has(.u-tag)")
    if not recommended.count():
        expect(page.get_by_text("Nothing to upgrade")).to_be_visible()
        return
    release = recommended.locator("b").first.inner_text()
    recommended.get_by_role("link", name=f"Run Preflight for {release}").click()
    expect(page.locator("#id_target")).to_have_value(release)
