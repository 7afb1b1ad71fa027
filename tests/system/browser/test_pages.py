"""The road of an upgrade as its operator walks it, with a mouse."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

HOME = "/plugins/upgrade-jobs/"
MINUTES = 240_000
"""Milliseconds; a run on a busy machine."""
OURS = {"include": [[".upgrade"]]}
SERIOUS = ("serious", "critical")


def faults(page, within=OURS):
    """What axe-core finds of ours that keeps people out.

    Nautobot 2.4 makes a page dark by a filter over all of it, which axe-core takes no account of.
    """
    inverted = page.evaluate("getComputedStyle(document.documentElement).filter") != "none"
    rules = {"color-contrast": {"enabled": not inverted}}
    found = Axe().run(page, context=within, options={"rules": rules}).response["violations"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in SERIOUS
    ]


def fits(page):
    """Whether nothing of ours is wider than the page."""
    return page.evaluate(
        "[...document.querySelectorAll('.upgrade')].every(e => e.scrollWidth <= e.clientWidth + 1)"
    )


def start(page):
    """Start the Job whose form is open, and wait for what it comes to."""
    page.get_by_role("button", name=re.compile("Run Job Now|Submit")).first.click()
    expect(page.locator(".u-verdict")).to_be_visible(timeout=MINUTES)
    ended = page.locator(".u-verdict:not(.u-waiting):not(.u-running)")
    expect(ended).to_be_visible(timeout=MINUTES)
    expect(page.get_by_text("Where the upgrade stands")).to_be_visible()


@pytest.fixture(scope="module")
def preflight(page, rest):
    """The page of a Preflight that was started from its form, by way of the Upgrade page."""
    page.goto(rest.url + HOME)
    station = page.locator(".u-road li").first
    station.get_by_role("link", name=re.compile("Run Preflight")).click()
    page.fill("#id_target", "3.2.7")
    if not page.is_checked("#id_skip_build"):
        page.check("#id_skip_build")
    start(page)
    return page.url


def test_the_panel_has_a_verdict_and_what_comes_next(page, preflight):
    page.goto(preflight)
    expect(page.locator(".u-verdict strong")).to_have_text(re.compile("Incomplete|Blocked|Caution"))
    expect(page.get_by_role("link", name="Run Preflight again").first).to_be_visible()
    assert faults(page) == []


def test_the_report_is_in_its_tab(page, preflight, theme):
    page.goto(preflight)
    with page.expect_response(re.compile("/report/$")):
        page.get_by_text("Report", exact=True).click()
    frame = page.frame_locator("iframe[aria-label='The report']")
    expect(frame.locator("h1")).to_have_text("Nautobot Upgrade · Preflight", timeout=30_000)
    expect(frame.locator(".verdict strong")).to_be_visible()
    frame.get_by_role("link", name=re.compile("All checks")).click()  # within the frame
    assert page.url.startswith(preflight.partition("?")[0])


def test_the_report_is_accessible_by_itself(page, preflight, rest):
    key = re.search(r"job-results/([0-9a-f-]{36})", preflight)[1]
    page.goto(f"{rest.url}{HOME}runs/{key}/report/")
    # The document lets no script run in it, not even one that looks for faults: a copy does.
    text = re.sub(r"<meta http-equiv[^>]+>", "", page.content())
    page.goto("about:blank")
    page.set_content(text)
    assert faults(page, None) == []


def test_the_files_can_be_downloaded(page, preflight):
    page.goto(preflight)
    for ending in (".html", ".json", ".md"):
        with page.expect_download() as download:
            page.locator(f"#upgrade-next a[href]:has-text('{ending}')").first.click()
        assert download.value.suggested_filename.endswith(ending)
        assert download.value.path().stat().st_size > 1000


def test_the_next_step_is_a_form_that_is_filled_in(page, preflight):
    page.goto(preflight)
    page.get_by_role("link", name="Run Preflight again").first.click()
    expect(page.locator("#id_target")).to_have_value("3.2.7")
    expect(page.locator("#id_skip_build")).to_be_checked()


def test_two_snapshots_are_compared(page, rest):
    job = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"
    older, newer = (rest.run_job(job, {"depth": "counts"})["id"] for _ in range(2))
    page.goto(rest.url + HOME)
    page.check(f"input[name=before][value='{older}']")
    page.check(f"input[name=after][value='{newer}']")
    page.get_by_role("button", name="Compare…").click()
    for name, key in (("before", older), ("after", newer)):
        expect(page.locator(f"#id_{name}")).to_have_value(key)
    start(page)
    expect(page.locator(".u-verdict strong")).to_have_text(
        re.compile("Go|Caution|Blocked|Incomplete")
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_the_upgrade_page(page, rest, preflight, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(rest.url + HOME)
    expect(page.get_by_role("heading", name="The road")).to_be_visible()
    expect(page.get_by_role("heading", name="Upgrade", exact=True)).to_be_visible()
    assert faults(page) == []
    assert fits(page)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_finding_is_accepted_by_name(page, rest):
    page.goto(f"{rest.url}{HOME}accept/?finding=data.cables:dcim_cable&target=3.2.7")
    page.fill("#reason", "replaced in <b>May</b>")
    page.get_by_role("button", name="Show the lines").click()
    expect(page.locator("pre")).to_contain_text("'reason': 'replaced in <b>May</b>'")
    assert faults(page) == []
