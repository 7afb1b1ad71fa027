"""Escaping text for Markdown."""

import re
from html import unescape

import pytest
from markdown import markdown

from nautobot_upgrade_jobs.report.formats.markdown import code_block, code_span, escape

ENDS_A_SPAN = "2.4` <img src=x onerror=alert(1)> ``` [x](javascript:alert(1)) &#x202e; &lt;b&gt;"


@pytest.mark.parametrize("write", [escape, code_span, lambda text: "\n".join(code_block([text]))])
def test_escape_hostile_text_is_shown_unchanged(write):
    html = markdown(write(ENDS_A_SPAN), extensions=["fenced_code", "tables"])
    assert not re.search(r"<(img|a)\b", html)
    assert unescape(re.sub(r"<[^>]+>", "", html)).strip() == ENDS_A_SPAN
