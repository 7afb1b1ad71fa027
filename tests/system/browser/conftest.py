"""A real Chromium before real instances of both lines; ``make test-browser`` has them running."""

import shutil

import pytest

try:
    from playwright.sync_api import sync_playwright
except ModuleNotFoundError:  # the pure layers are tested without
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
        found = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield found
        found.close()


@pytest.fixture(scope="module", params=VERSIONS)
def rest(request):
    """The REST interface of an instance, with all Jobs of ours enabled."""
    instance = Instance(request.param, "postgresql", "")
    found = Rest(instance.url, TOKEN)
    for job in found.all("/api/extras/jobs/?grouping=Upgrade"):
        if not job["enabled"]:
            found.fetch(f"/api/extras/jobs/{job['id']}/", {"enabled": True}, "PATCH")
    return found


@pytest.fixture(scope="module", params=["light", "dark"])
def theme(request):
    """The colours that the user has chosen."""
    return request.param


@pytest.fixture(scope="module")
def page(chromium, rest, theme):
    """A page on which the superuser has logged in; whatever goes wrong on it fails its tests."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    context.add_cookies([{"name": "theme", "value": theme, "url": rest.url}])
    page = context.new_page()
    page.wrong = []
    page.on("console", lambda one: one.type == "error" and page.wrong.append(one.text))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("request", lambda one: _stays_here(one.url, rest.url) or page.wrong.append(one.url))
    page.goto(f"{rest.url}/login/")
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.fill("#id_username", LOGIN)
    page.fill("#id_password", LOGIN)
    page.click("button[type=submit]")
    yield page
    context.close()


def _stays_here(address, url):
    return address.startswith((f"{url}/", "data:", "blob:", "about:"))


@pytest.fixture(autouse=True)
def _nothing_went_wrong(page):
    page.wrong.clear()
    yield
    assert page.wrong == []
