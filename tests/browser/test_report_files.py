"""The standalone reports fit on a phone, with all their sections open."""

from pathlib import Path

import pytest

REPORTS = sorted((Path(__file__).parents[1] / "unit/report/golden").rglob("*.html"))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_report_is_no_wider_than_its_window(chromium, path, width):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    assert page.locator("h1").count() == 1
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
