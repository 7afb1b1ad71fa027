"""From the first click to the plan of the upgrade and of the rollback, without a shell.

Three users go this way: a superuser, one who may only run Jobs, and one who may only view results.
"""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from development.instance import LOGIN
from tests.browser.test_pages import HOME, faults, fits, start
from tests.support.browser import open_page

SIZES = (390, 1280, 1920)
VIEW = [("view", "jobresult"), ("view", "fileproxy"), ("view", "joblogentry")]
USERS = {"viewer": VIEW, "runner": [*VIEW, ("view", "job"), ("run", "job")]}
OLDER = {"2.4.44": "2.4.43", "3.2.7": "3.2.6"}
LINKS = "[...document.querySelectorAll('.upgrade a[href^=\"/\"]')].map(a => a.href.split('#')[0])"


@pytest.fixture(scope="module")
def users(rest):
    """Users with object permissions, who log in with their name as the password."""
    for name, grants in USERS.items():
        if rest.all(f"/api/users/users/?username={name}"):
            continue
        user = rest.post("/api/users/users/", {"username": name, "password": f"{name}-secret"})
        for action, model in grants:
            rest.post(
                "/api/users/permissions/",
                {
                    "name": f"{name} {action} {model}",
                    "object_types": [f"extras.{model}"],
                    "users": [user["id"]],
                    "actions": [action],
                },
            )


@contextmanager
def session(chromium, rest, name, theme="light"):
    """A page of a logged-in user; its list ``errors`` must stay empty."""
    password = LOGIN if name == LOGIN else f"{name}-secret"
    with open_page(chromium, rest.url, name, password, theme) as page:
        yield page
        assert page.errors == []


def clear(page, *fields):
    """Clear the fields of a form, which can repeat an earlier run."""
    for field in fields:
        page.fill(f"#id_{field}", "")


def walk(page, rest):
    """Go the whole way, and return the addresses of the pages on it, by name."""
    version = rest.get("/api/status/")["nautobot-version"]
    seen = {"home": rest.url + HOME}
    page.goto(seen["home"])
    row = page.locator("tr:has-text('3.2.7')").get_by_role("link", name="Run Preflight")
    (row if row.count() else page.locator(".u-stages a[href*='/run/']")).first.click()
    page.check("#id_skip_build")
    clear(page, "requirements", "backup", "exclude", "only", "accept")
    start(page)
    seen["run"] = page.url
    page.get_by_role("link", name="All findings").click()
    seen["findings"] = page.url
    page.locator("tbody a[href*='/finding/?key=']").first.click()
    seen["finding"] = page.url
    page.get_by_role("link", name="All checks").click()
    seen["checks"] = page.url
    page.goto(seen["run"])
    plan = page.get_by_role("link", name="Open the plan")
    if version != "3.2.7":  # otherwise there is nothing to upgrade
        plan.click()
        seen["plan"] = page.url
        page.check("[data-step='1']")
        expect(page.locator("[data-done]")).to_contain_text("1 of ")
        page.uncheck("[data-step='1']")
    page.goto(seen["home"])
    job = rest.job("nautobot_upgrade_jobs.jobs.rollback.RollbackPlanner")["id"]
    page.locator(f".u-stages a[href*='{job}/run/']").first.click()
    clear(page, "backup", "instance", "accept")
    page.fill("#id_to", OLDER[version])
    start(page)
    seen["rollback run"] = page.url
    plan.click()
    seen["rollback plan"] = page.url
    expect(page.locator(".u-plan li").first).to_be_visible()
    return seen


@pytest.fixture(scope="module")
def seen(chromium, rest, users):
    """The pages on the way of the superuser."""
    with session(chromium, rest, LOGIN) as page:
        return walk(page, rest)


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_all_pages_on_the_way_are_accessible_and_fit(chromium, rest, seen, colors):
    with session(chromium, rest, LOGIN, colors) as page:
        for name, address in seen.items():
            page.goto(address)
            for width in SIZES:
                page.set_viewport_size({"width": width, "height": 900})
                assert fits(page), (name, width)
                assert faults(page) == [], (name, width)


def test_no_link_on_the_way_is_dead(chromium, rest, seen):
    with session(chromium, rest, LOGIN) as page:
        links = set()
        for address in seen.values():
            page.goto(address)
            links |= set(page.evaluate(LINKS))
        for link in sorted(links):
            assert page.request.get(link).status == 200, link


def test_runner_goes_the_whole_way(chromium, rest, users):
    with session(chromium, rest, "runner") as page:
        walk(page, rest)
        page.goto(rest.url + HOME)
        assert not page.get_by_role("link", name=re.compile("^Accept")).count()


def test_viewer_sees_all_results_and_is_offered_nothing_else(chromium, rest, seen, users):
    with session(chromium, rest, "viewer") as page:
        for name, address in seen.items():
            page.goto(address)
            assert faults(page) == [], name
            offered = page.locator(".upgrade a[href*='/run/'], .upgrade a[href*='/accept/']")
            assert not offered.count(), (name, offered.first.get_attribute("href"))
            for link in set(page.evaluate(LINKS)):
                assert page.request.get(link).status == 200, (name, link)
