"""Take the screenshots of the documentation on a real instance: ``make screenshots``."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from . import debian
from .instance import LOGIN, TOKEN, Instance
from .process import log_message
from .rest import Rest

IMAGES = Path(__file__).parents[1] / "docs" / "images"
VERSION, KIND = "2.4.44", "demo"
"""The data of the demo, which has findings."""
PREFLIGHT = "nautobot_upgrade_jobs.jobs.preflight.Preflight"
CAPTURE = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"


def take_screenshots(rest: Rest) -> None:
    """Run the Jobs, and take screenshots in light and dark."""
    for made_up in rest.all("/api/extras/job-results/"):
        rest.fetch(f"/api/extras/job-results/{made_up['id']}/", method="DELETE")
    rest.run_job(PREFLIGHT, {"target": "3.2.7"})
    rest.run_job(CAPTURE, {"target": "3.2.7"})
    result = rest.run_job(PREFLIGHT, {"target": "3.2.7"})["id"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for theme in ("light", "dark"):
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            context.add_cookies([{"name": "theme", "value": theme, "url": rest.url}])
            page = context.new_page()
            _log_in(page, rest.url, theme)
            for name in _visit_pages(page, rest.url, result):
                path = IMAGES / f"{name}-{theme}.png"
                page.screenshot(path=path)
                log_message(f"{path.name}: {path.stat().st_size // 1024} kB")
        browser.close()


def _log_in(page: Page, url: str, theme: str) -> None:
    page.goto(f"{url}/login/")
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.fill("#id_username", LOGIN)
    page.fill("#id_password", LOGIN)
    page.click("button[type=submit]")


def _visit_pages(page: Page, url: str, result: str) -> Iterator[str]:
    """Open each page; yield its name."""
    page.goto(f"{url}/plugins/upgrade-jobs/")
    yield "upgrade"
    page.goto(f"{url}/extras/job-results/{result}/")
    yield "result"
    with page.expect_response(re.compile("/report/$")):
        page.get_by_text("Report", exact=True).click()
    page.wait_for_timeout(1000)
    yield "report"


if __name__ == "__main__":
    debian.ensure(("chromium",), "A browser")
    IMAGES.mkdir(exist_ok=True)
    instance = Instance(VERSION, "postgresql", KIND)
    take_screenshots(Rest(instance.url, TOKEN))
