"""Collecting release notes from installed packages."""

import contextlib

import pytest

from nautobot_upgrade_jobs.target.release_notes import read_release_notes

PAGE = """<h1>Line</h1><h2 id="a">Upgrade Actions</h2><p>Read {line}.</p>
<h2>v{line}.1 (2026)</h2><h3>Removed</h3><ul><li>By {line}.1.</li><li>The same.</li></ul>
<h2>v{line}.0 (2026)</h2><h3>Removed</h3><ul><li>By {line}.0.</li></ul>"""


CORE = "nautobot/project-static/docs/release-notes/version-{line}.html"


APP = "an_app/static/an_app/docs/admin/release_notes/version_{line}/index.html"


@pytest.fixture
def environment(tmp_path):
    """A virtual environment with packages that bring these pages."""

    def make(name, pattern, *lines):
        site = tmp_path / "lib" / "python3.12" / "site-packages"
        info = site / f"{name.replace('-', '_')}-9.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9\n")
        paths = [pattern.format(line=line) for line in lines]
        (info / "RECORD").write_text("".join(f"{path},,\n" for path in paths))
        for path, line in zip(paths, lines, strict=True):
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(PAGE.format(line=line))
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        ("2.4.1", "3.0.0", ["Read 3.0.", "By 3.0.0."]),
        ("2.4.0", "2.4.1", ["By 2.4.1.", "The same."]),
        ("2.4.1", "3.1.1", ["Read 3.0.", "By 3.0.1.", "The same.", "By 3.0.0.", "Read 3.1."]),
        ("3.1.1", "3.1.5", []),
        ("3.1.1", "2.4.1", []),
    ],
)
def test_read_release_notes_returns_notes_up_to_the_target(environment, before, after, texts):
    folder = environment("nautobot", CORE, "2.4", "3.0", "3.1")
    found = read_release_notes(folder, {"nautobot": (before, after)})
    assert [one.text for one in found.notes][: len(texts)] == texts
    assert bool(found.notes) == bool(texts)


def test_read_release_notes_repeated_text_appears_once(environment):
    found = read_release_notes(
        environment("nautobot", CORE, "3.0", "3.1"), {"nautobot": ("2.4.1", "3.1.1")}
    )
    assert [one.release for one in found.notes if one.text == "The same."] == ["3.0.1"]


def test_read_release_notes_finds_pages_of_apps_and_names_those_without(environment):
    environment("an-app", APP, "2.0")
    folder = environment("another-app", "another/release_notes.html", "1")
    moves = dict.fromkeys(("an-app", "another-app", "not-installed"), ("1.0", "2.0.1"))
    found = read_release_notes(folder, moves)
    assert {one.distribution for one in found.notes} == {"an-app"}
    assert found.distributions_without_notes == ("another-app", "not-installed")


def test_inspect_unparsable_release_notes_are_unavailable(environment):
    folder = environment("an-app", APP, "2.0")
    for path in folder.rglob("*.html"):
        path.write_text("<h1>x</h1><![foo[x]]>")
    with contextlib.suppress(AssertionError):  # what Python's parser raises until 3.13
        assert read_release_notes(folder, {"an-app": ("1.0", "2.0.1")}).notes == ()


def test_read_release_notes_missing_page_is_skipped(environment):
    folder = environment("an-app", APP, "2.0")
    for path in folder.rglob("*.html"):
        path.unlink()
    assert read_release_notes(folder, {"an-app": ("1.0", "2.0.1")}).distributions_without_notes == (
        "an-app",
    )


@pytest.mark.parametrize("page", ["upgrade.html", "upgrade/index.html", "admin_upgrade.html"])
@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        ("1.0", "2.0.0", ["Link the accounts."]),
        ("2.0", "2.0.0", []),
        ("1.0", "1.9", []),
    ],
)
def test_read_release_notes_includes_the_upgrade_page(environment, page, before, after, texts):
    folder = environment("an-app", f"an_app/static/an_app/docs/admin/{page}", "2.0")
    for path in folder.rglob("*.html"):
        path.write_text("<h1>Upgrading</h1><h2>Upgrading to 2.0</h2><p>Link the accounts.</p>")
    found = read_release_notes(folder, {"an-app": (before, after)})
    assert [note.text for note in found.notes] == texts
    assert found.distributions_without_notes == ()
