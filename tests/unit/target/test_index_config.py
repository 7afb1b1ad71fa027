"""Where packages come from: what pip is told, in the words of uv."""

from pathlib import Path

import pytest

from nautobot_upgrade_jobs.target import index_config as index
from nautobot_upgrade_jobs.target.index_config import (
    build_uv_environment,
    build_uv_options,
    read_pip_options,
    to_uv_environment,
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {}),
        ({"index-url": "https://a/simple"}, {"UV_DEFAULT_INDEX": "https://a/simple"}),
        (
            {"extra-index-url": "https://a/simple\n  https://b/simple"},
            {
                "UV_INDEX": "https://a/simple https://b/simple",
                "UV_INDEX_STRATEGY": "unsafe-best-match",
            },
        ),
        ({"find-links": "/wheels\n/more"}, {"UV_FIND_LINKS": "/wheels,/more"}),
        ({"no-index": "true"}, {}),  # uv has no variable for it
        ({"find-links": "~/wheels"}, {"UV_FIND_LINKS": str(Path.home() / "wheels")}),
        ({"timeout": "15.5"}, {"UV_HTTP_TIMEOUT": "16"}),
        (
            {"cert": "/ca.pem", "proxy": "http://p:1"},
            {"SSL_CERT_FILE": "/ca.pem", **{"ALL_PROXY": "http://p:1"}},
        ),
        ({"timeout": "60", "quiet": "1"}, {"UV_HTTP_TIMEOUT": "60"}),
        ({"trusted-host": "a b"}, {"UV_INSECURE_HOST": "a b"}),
    ],
)
def test_options_of_pip_in_the_words_of_uv(options, expected):
    assert to_uv_environment(options) == expected


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    (tmp_path / "venv").mkdir()
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    return {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "etc")}, tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_nearer_file_counts_and_a_variable_counts_most(home):
    environ, folder = home
    write(folder / "etc" / "pip" / "pip.conf", "[global]\nindex-url = far\ntimeout = 1\n")
    write(folder / ".config" / "pip" / "pip.conf", "[global]\nindex-url = user\n")
    assert read_pip_options(environ)["index-url"] == "user"
    write(folder / "venv" / "pip.conf", "[global]\nindex-url = venv\n[install]\ncert = c\n")
    found = read_pip_options(environ)
    assert (found["index-url"], found["cert"], found["timeout"]) == ("venv", "c", "1")
    assert read_pip_options({**environ, "PIP_INDEX_URL": "variable"})["index-url"] == "variable"


def test_a_file_that_is_named_replaces_the_users(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "[global]\nindex-url = user\n")
    write(folder / "named.conf", "[global]\nproxy = p\n")
    found = read_pip_options({**environ, "PIP_CONFIG_FILE": str(folder / "named.conf")})
    assert (found.get("index-url"), found["proxy"]) == (None, "p")
    assert "index-url" not in read_pip_options({**environ, "PIP_CONFIG_FILE": "/dev/null"})


def test_a_file_that_nobody_can_read_is_no_reason_to_stop(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "index-url = without a section\n")
    assert "index-url" not in read_pip_options(environ)


def test_the_secrets_of_nautobot_stay_here(monkeypatch):
    monkeypatch.setenv("NAUTOBOT_SECRET_KEY", "planted")
    monkeypatch.setenv("NAUTOBOT_DB_PASSWORD", "planted")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    found = build_uv_environment()
    assert "planted" not in found.values()
    assert found["https_proxy"] == "http://proxy:3128"


def test_what_uv_is_told_itself_counts(monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own/simple")
    monkeypatch.setattr(
        index, "read_pip_options", lambda environ: {"index-url": "https://pip/simple"}
    )
    assert build_uv_environment()["UV_DEFAULT_INDEX"] == "https://own/simple"


def test_a_wheel_directory_leaves_the_network_alone():
    found = build_uv_environment("/wheels")
    assert (found["UV_FIND_LINKS"], found["UV_OFFLINE"]) == ("/wheels", "1")
    assert build_uv_options("/wheels") == ("--no-index",)


@pytest.mark.parametrize(("value", "forbidden"), [("1", True), ("true", True), ("0", False)])
def test_pip_can_forbid_the_index(monkeypatch, value, forbidden):
    monkeypatch.setenv("PIP_NO_INDEX", value)
    assert build_uv_options() == (("--no-index",) if forbidden else ())


@pytest.mark.parametrize("name", ["UV_NO_CONFIG", "UV_CONFIG_FILE", "UV_PROJECT"])
def test_what_would_keep_uv_from_reading_what_it_is_told_is_left_out(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    assert name not in build_uv_environment()


@pytest.mark.parametrize(
    "text",
    ["[global]\nindex_url = a\n", "[global]\npypi-url = a\n", "[:env:]\n--index-url = a\n"],
)
def test_other_ways_to_say_it(home, text):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", text)
    assert read_pip_options(environ)["index-url"] == "a"


def test_the_section_of_the_command_counts_more_than_a_nearer_file(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "[install]\nindex-url = install\n")
    write(folder / "venv" / "pip.conf", "[global]\nindex-url = venv\n")
    assert read_pip_options(environ)["index-url"] == "install"


def test_an_empty_variable_says_nothing(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "[global]\nindex-url = user\n")
    assert read_pip_options({**environ, "PIP_INDEX_URL": ""})["index-url"] == "user"
