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
from tests.support.browser import open_page

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
    with open_page(chromium, rest.url, LOGIN, LOGIN, theme) as page:
        yield page


@pytest.fixture
def no_page_errors(page):
    """Fail the test after an error on the page, such as a request to another host."""
    page.errors.clear()
    yield
    assert page.errors == []
