"""The report as HTML."""

import re

from nautobot_upgrade_jobs.report import FORMATS
from tests.support.report_samples import SAMPLES


def test_render_makes_no_network_request():
    html = FORMATS["html"](SAMPLES["blocked"])
    assert not re.search(r"<(script|link|img|iframe)|\bsrc=|url\(", html)
