"""Wheel and sdist: their contents, and reproducible builds."""

import re
import tarfile
import zipfile

import pytest
from packaging.metadata import parse_email
from packaging.requirements import Requirement

from development import dist
from tests.dist.conftest import copy_of_the_tree

PACKAGE = "nautobot_upgrade_jobs"
EXTERNAL_REQUEST = re.compile(
    r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=[\"']?(?:https?:)?//|"
    r"<link\b(?![^>]*rel=[\"']?(?:canonical|alternate))[^>]*\bhref=[\"']?(?:https?:)?//|"
    r"@import\s+[\"'(]*(?:https?:)?//|url\([\"']?(?:https?:)?//",
)
"""References that a browser fetches from another host."""


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(built[0]) as archive:
        yield archive


def test_build_is_reproducible(built, tmp_path):
    again = dist.build(tmp_path / "dist", copy_of_the_tree(tmp_path / "elsewhere"))
    assert [one.name for one in again] == [one.name for one in built]
    for one, other in zip(built, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_sdist_builds_the_same_wheel(built, tmp_path):
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    made = dist.pack(tmp_path / "dist", unpacked, "wheel")
    assert [one.read_bytes() for one in made] == [wheel.read_bytes()]


def test_wheel_contains_only_the_package(wheel, tree):
    names = set(wheel.namelist())
    inside = {name for name in names if name.startswith(f"{PACKAGE}/")}
    assert {name.partition("/")[0] for name in names - inside} == {f"{PACKAGE}-0.1.0.dist-info"}
    expected = {
        str(path.relative_to(tree))
        for path in (tree / PACKAGE).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == expected
    assert f"{PACKAGE}/docs/user/first_run.html" in inside
    assert f"{PACKAGE}/app-config-schema.json" in inside
    assert f"{PACKAGE}/report/templates/report.html" in inside
    assert f"{PACKAGE}-0.1.0.dist-info/licenses/LICENSE" in names


def test_wheel_metadata_is_complete(wheel):
    text = wheel.read(f"{PACKAGE}-0.1.0.dist-info/METADATA")
    metadata, unknown = parse_email(text)
    assert not unknown
    assert metadata["license_expression"] == "Apache-2.0"
    assert metadata["requires_python"] == "<3.15,>=3.10"
    required = {Requirement(one).name for one in metadata["requires_dist"]}
    expected = {"jinja2", "jsonschema", "packaging", "psycopg2-binary", "tomli", "uv"}
    assert required == expected, "pip must not move Nautobot"
    assert "# nautobot-upgrade-jobs" in metadata["description"]


def test_docs_load_nothing_from_other_hosts(wheel):
    pages = [name for name in wheel.namelist() if name.endswith((".html", ".css"))]
    assert len(pages) > 15
    for name in pages:
        assert not EXTERNAL_REQUEST.search(wheel.read(name).decode()), name


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('<script src="https://elsewhere.example/a.js">', True),
        ("<img alt=x src=//elsewhere.example/a.png>", True),
        ('<link rel="stylesheet" href="https://elsewhere.example/a.css">', True),
        ("@import url(https://elsewhere.example/a.css)", True),
        ("src: url('//elsewhere.example/a.woff2')", True),
        ('<a href="https://elsewhere.example/">', False),
        ('<script src="../assets/a.js">', False),
        ('<link rel="canonical" href="https://elsewhere.example/">', False),
        ("<img src=data:image/png;base64,AA//>", False),
    ],
)
def test_external_request_pattern_matches_only_requests(text, matches):
    assert bool(EXTERNAL_REQUEST.search(text)) is matches
