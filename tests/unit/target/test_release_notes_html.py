"""Parsing a page of release notes."""

import pytest

from nautobot_upgrade_jobs.target.release_notes_html import (
    MAX_TEXT_LENGTH,
    parse_release_notes,
    parse_upgrade_page,
)

ADDRESS = "https://docs.example.com/release-notes/version-3.0.html"


HEAD = f'<html><head><link rel="canonical" href="{ADDRESS}"></head><h1 id="top">v3.0</h1>'


OVERVIEW = """
<p>What is new.</p>
<h2 id="upgrade-actions">Upgrade Actions<a href="#">¶</a></h2>
<h3 id="administrators">Administrators</h3>
<ul>
<li>Grant <code>extras.view_stage</code> first.<ul><li>To all.</li></ul></li>
<li>Drink coffee.</li>
</ul>
<h3 id="storages">Migrate To <code>STORAGES</code></h3>
<p>The setting <code>STORAGE_BACKEND</code> is gone.</p>
<pre><code>STORAGES = {}</code></pre>
<p>See <a href="#">below</a>.</p>
<h2 id="overview">Release Overview</h2>
<p>Much.</p>
<h3 id="breaking-changes">Breaking Changes</h3>
<h4 id="removed-code">Removed Code</h4>
<p>Many classes.</p>
<table><tr><th>Removed</th></tr><tr><td>nautobot.dcim.Old</td></tr></table>
<h3 id="added">Added</h3>
<ul><li>A button.</li></ul>
"""


RELEASES = """
<h2 id="v301">v3.0.1 (2026-01-02)</h2>
<h3 id="fixed-in-v301">Fixed in v3.0.1</h3>
<ul><li>A typo.</li></ul>
<h3 id="removed-in-v301">Removed in v3.0.1</h3>
<ul><li>#1 - Removed <code>old_name</code>.</li></ul>
<h2 id="v300rc1">v3.0.0rc1 (2025-11-05)</h2>
<h3 id="security">Security</h3>
<ul><li>#2 - Updated.</li></ul>
<script>var removed = "<li>";</script>
"""


def found(html, distribution="nautobot", line="3.0"):
    return list(parse_release_notes(html, distribution, line))


def test_parse_release_notes_overview_has_actions_and_breaking_changes():
    one, two, storages, removed = found(HEAD + OVERVIEW)
    assert (one.kind, one.release, one.heading) == ("action", "3.0", "Administrators")
    assert one.text == "Grant extras.view_stage first.To all."
    assert one.identifiers == ("extras.view_stage",)
    assert two.text == "Drink coffee."
    assert storages.heading == "Migrate To STORAGES"
    assert storages.text == "The setting STORAGE_BACKEND is gone. See below."
    assert storages.identifiers == ("STORAGE_BACKEND",)
    assert (removed.kind, removed.heading) == ("breaking", "Removed Code")
    assert (removed.text, removed.identifiers) == ("Many classes.", ("nautobot.dcim.Old",))
    assert removed.link == f"{ADDRESS}#removed-code"


def test_parse_release_notes_each_release_has_its_notes():
    removed, security = found(HEAD + RELEASES)
    assert (removed.release, removed.kind, removed.heading) == ("3.0.1", "removed", "")
    assert removed.text == "#1 - Removed old_name."
    assert removed.link == f"{ADDRESS}#removed-in-v301"
    assert (security.release, security.kind) == ("3.0.0rc1", "security")
    assert security.text == "#2 - Updated."


@pytest.mark.parametrize(
    "html",
    [
        "",
        "no page at all",
        "<h1>3.0</h1><p>Removed everything.</p>",
        "<h1>3.0</h1><h2>Added</h2><ul><li>A button.</li></ul>",
        "<h1>3.0</h1><h2>v3.0.1 (today)</h2><h3>Housekeeping</h3><ul><li>Swept.</li></ul>",
        "<h1>3.0</h1><h2>Removed</h2><ul><li></li></ul>",
        "<ul><li>Removed before any heading</li></ul>",
    ],
)
def test_parse_release_notes_other_content_is_ignored(html):
    assert found(html) == []


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "http://example.com", "//x", "https://x/> [y](https://z)", None],
)
def test_parse_release_notes_only_https_urls_are_linked(address):
    html = f"<link rel=canonical href='{address}'><h1>3</h1><h2 id=x>Removed</h2><p>All.</p>"
    assert [one.link for one in found(html)] == [""]


def test_parse_release_notes_long_text_is_shortened_and_code_is_no_name():
    html = f"<h1>3.0</h1><h2>Changed</h2><p>{'word ' * 200}<code>{'x' * 90}</code></p>"
    (note,) = found(html)
    assert len(note.text) <= MAX_TEXT_LENGTH
    assert note.text.endswith("…")
    assert note.identifiers == ()


def test_parse_release_notes_unclosed_tags_are_tolerated():
    html = "<h1>3.0</h1><h2>v3.0.1<h3>Removed</h3><ul><li>One <code>a<li>Two</ul><p>More<h3>Fixed"
    assert [(one.text, one.release) for one in found(html)] == [
        *(("One a", "3.0.1"), ("Two", "3.0.1"), ("More", "3.0.1"))
    ]


@pytest.mark.parametrize(
    ("heading", "release"),
    [
        ("v3.0.11 (2026-04-08)", "3.0.11"),
        ("v2.1.2 2024-08", "2.1.2"),
        ("v2.1.1 - 2024-07", "2.1.1"),
        ("[v2.0.1] - 2024-03", "2.0.1"),
        ("3.0.0a4", "3.0.0a4"),
        ("Nautobot 3.0", "3.0"),
    ],
)
def test_parse_release_notes_release_headings_are_recognized(heading, release):
    (note,) = found(f"<h1>Line</h1><h2>{heading}</h2><h3>Removed</h3><ul><li>All.</ul>")
    assert note.release == release


def test_parse_release_notes_many_unclosed_tags_are_fast():
    html = "<h1>3.0</h1><h2>Removed</h2>" + "<code>a" * 20_000
    assert found(html) == []


def test_parse_release_notes_a_long_heading_is_cut():
    """Otherwise, each of the paragraphs would copy it."""
    html = f"<h1>3.0</h1><h2>Removed {'x' * 500_000}</h2>" + "<p>Gone.</p>" * 20_000
    assert len(found(html)) == 1


def warning_box(text, kind="warning", title="Warning"):
    return (
        f'<div class="admonition {kind}"><p class="admonition-title">{title}</p>'
        f"<div><p>{text}</p></div><ul><li>First.</li><li>Second.</li></ul></div>"
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param(
            f"<h1>3.0</h1>{warning_box('Skip 3.0.0.')}<p>News.</p>",
            [("3.0", "action", "Skip 3.0.0. First. Second.")],
            id="below the title of the page",
        ),
        pytest.param(
            f"<h1>3.0</h1><h2>v3.0.1</h2><h3>Added</h3>{warning_box('Run the Job.', 'note')}",
            [("3.0.1", "action", "Run the Job. First. Second.")],
            id="note in a section that is ignored",
        ),
        pytest.param(
            f"<h1>3.0</h1><h2>v3.0.1</h2><h3>Removed</h3><p>All.</p>{warning_box('Export it.')}",
            [("3.0.1", "removed", "All."), ("3.0.1", "removed", "Export it. First. Second.")],
            id="warning in a section with a kind",
        ),
        pytest.param(
            f"<h1>3.0</h1><h2>Overview</h2>{warning_box('One.')}{warning_box('Two.')}<p>News.</p>",
            [
                ("3.0", "action", "One. First. Second."),
                ("3.0", "action", "Two. First. Second."),
            ],
            id="two warnings",
        ),
        pytest.param(
            '<h1>3.0</h1><div class="admonition warning"><p>Open.<h2>Overview</h2><p>News.</p>',
            [("3.0", "action", "Open.")],
            id="a heading ends a warning that is not closed",
        ),
        pytest.param(
            f"<h1>3.0</h1><h2>Overview</h2>{warning_box('Drink tea.', 'tip', 'Tip')}", [], id="tip"
        ),
        pytest.param("<h1>3.0</h1><h2>Overview</h2><div><p>News.</p></div>", [], id="no warning"),
        pytest.param(
            '<h1>3.0</h1><div class="admonition warning"><p class="admonition-title">W</p></div>',
            [],
            id="warning without a text",
        ),
    ],
)
def test_parse_release_notes_a_warning_is_an_action(html, expected):
    assert [(note.release, note.kind, note.text) for note in found(html)] == expected


UPGRADE_PAGE = f"""{HEAD}<p>Run post_upgrade.</p>
<h2 id="guide">Upgrade Guide</h2><p>Execute the command.</p>
<h3 id="to-41">{{heading}}</h3><p>Pass <code>**kwargs</code>.</p><ul><li>Always.</li></ul>"""


@pytest.mark.parametrize(
    ("heading", "release"),
    [
        ("Upgrading to 4.1", "4.1"),
        ("Upgrading to ChatOps 3.0", "3.0"),
        ("Upgrade to v2.0.1 or later", "2.0.1"),
        ("v1.0.0", "1.0.0"),
        ("Upgrade Nautobot 1.X to Nautobot 2.X", None),
        ("Upgrading to Nautobot 2.0", None),
        ("Upgrade Guide", None),
        ("Upgrading from 1.4", None),
        ("Migration 0007_contract_billing_period (Phase 8)", None),
    ],
)
def test_parse_upgrade_page_has_the_steps_of_each_release(heading, release):
    notes = list(parse_upgrade_page(UPGRADE_PAGE.format(heading=heading), "an-app"))
    found = [(note.release, note.kind, note.text, note.identifiers) for note in notes]
    assert found == (
        [(release, "action", "Pass **kwargs. Always.", ("**kwargs",))] if release else []
    )
    assert {note.link for note in notes} <= {f"{ADDRESS}#to-41"}
