"""A real Chromium and real instances of both lines; ``make test-browser`` starts them."""

import shutil

import pytest

try:
    from playwright.sync_api import sync_playwright
except ModuleNotFoundError:  # the unit tests run without it
    collect_ignore_glob = ["test_*"]

from development import debian
from development.instance import LOGIN, TOKEN, Instance
from development.rest import Rest

VERSIONS = ("2.4.44", "3.2.7")


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium."""
    if shutil.which("chromium") is None:
        debian.ensure(("chromium",), "A browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=VERSIONS)
def rest(request):
    """A REST client of an instance in which all Jobs of this App are enabled."""
    instance = Instance(request.param, "postgresql", "")
    client = Rest(instance.url, TOKEN)
    for job in client.all("/api/extras/jobs/?grouping=Upgrade"):
        if not job["enabled"]:
            client.fetch(f"/api/extras/jobs/{job['id']}/", {"enabled": True}, "PATCH")
    return client


@pytest.fixture(scope="module", params=["light", "dark"])
def theme(request):
    """The color theme of the user."""
    return request.param


@pytest.fixture(scope="module")
def page(chromium, rest, theme):
    """A page of the logged-in superuser; an error on it fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    context.add_cookies([{"name": "theme", "value": theme, "url": rest.url}])
    page = context.new_page()
    page.errors = []
    page.on("console", lambda one: one.type == "error" and page.errors.append(one.text))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("request", lambda one: _is_local(one.url, rest.url) or page.errors.append(one.url))
    page.goto(f"{rest.url}/login/")
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.fill("#id_username", LOGIN)
    page.fill("#id_password", LOGIN)
    page.click("button[type=submit]")
    yield page
    context.close()


def _is_local(address, url):
    return address.startswith((f"{url}/", "data:", "blob:", "about:"))


@pytest.fixture
def no_page_errors(page):
    """Fail the test after an error on the page, such as a request to another host."""
    page.errors.clear()
    yield
    assert page.errors == []
