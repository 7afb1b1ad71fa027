"""Translating pip's configuration for uv."""

from pathlib import Path

import pytest

from nautobot_upgrade_jobs.target import index_config as index
from nautobot_upgrade_jobs.target.index_config import (
    build_uv_environment,
    build_uv_options,
    read_pip_options,
    to_uv_environment,
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    (tmp_path / "venv").mkdir()
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    return {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "etc")}, tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


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
def test_to_uv_environment_pip_options_become_uv_variables(options, expected):
    assert to_uv_environment(options) == expected


def test_read_pip_options_nearer_file_and_variables_take_precedence(home):
    environ, folder = home
    write(folder / "etc" / "pip" / "pip.conf", "[global]\nindex-url = far\ntimeout = 1\n")
    write(folder / ".config" / "pip" / "pip.conf", "[global]\nindex-url = user\n")
    assert read_pip_options(environ)["index-url"] == "user"
    write(folder / "venv" / "pip.conf", "[global]\nindex-url = venv\n[install]\ncert = c\n")
    found = read_pip_options(environ)
    assert (found["index-url"], found["cert"], found["timeout"]) == ("venv", "c", "1")
    assert read_pip_options({**environ, "PIP_INDEX_URL": "variable"})["index-url"] == "variable"


def test_read_pip_options_named_file_replaces_user_files(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "[global]\nindex-url = user\n")
    write(folder / "named.conf", "[global]\nproxy = p\n")
    found = read_pip_options({**environ, "PIP_CONFIG_FILE": str(folder / "named.conf")})
    assert (found.get("index-url"), found["proxy"]) == (None, "p")
    assert "index-url" not in read_pip_options({**environ, "PIP_CONFIG_FILE": "/dev/null"})


def test_read_pip_options_unreadable_file_is_skipped(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "index-url = without a section\n")
    assert "index-url" not in read_pip_options(environ)


def test_build_uv_environment_secrets_are_not_passed(monkeypatch):
    monkeypatch.setenv("NAUTOBOT_SECRET_KEY", "planted")
    monkeypatch.setenv("NAUTOBOT_DB_PASSWORD", "planted")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    found = build_uv_environment()
    assert "planted" not in found.values()
    assert found["https_proxy"] == "http://proxy:3128"


def test_build_uv_environment_uv_variables_take_precedence(monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own/simple")
    monkeypatch.setattr(
        index, "read_pip_options", lambda environ: {"index-url": "https://pip/simple"}
    )
    assert build_uv_environment()["UV_DEFAULT_INDEX"] == "https://own/simple"


def test_build_uv_environment_wheel_directory_is_offline():
    found = build_uv_environment("/wheels")
    assert (found["UV_FIND_LINKS"], found["UV_OFFLINE"]) == ("/wheels", "1")
    assert build_uv_options("/wheels") == ("--no-index",)


@pytest.mark.parametrize(("value", "forbidden"), [("1", True), ("true", True), ("0", False)])
def test_build_uv_options_pip_no_index_is_passed(monkeypatch, value, forbidden):
    monkeypatch.setenv("PIP_NO_INDEX", value)
    assert build_uv_options() == (("--no-index",) if forbidden else ())


@pytest.mark.parametrize("name", ["UV_NO_CONFIG", "UV_CONFIG_FILE", "UV_PROJECT"])
def test_build_uv_environment_variables_that_disable_configuration_are_withheld(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    assert name not in build_uv_environment()


@pytest.mark.parametrize(
    "text",
    ["[global]\nindex_url = a\n", "[global]\npypi-url = a\n", "[:env:]\n--index-url = a\n"],
)
def test_read_pip_options_aliases_are_normalized(home, text):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", text)
    assert read_pip_options(environ)["index-url"] == "a"


def test_read_pip_options_install_section_precedes_nearer_file(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "[install]\nindex-url = install\n")
    write(folder / "venv" / "pip.conf", "[global]\nindex-url = venv\n")
    assert read_pip_options(environ)["index-url"] == "install"


def test_build_uv_environment_empty_variable_is_ignored(home):
    environ, folder = home
    write(folder / ".config" / "pip" / "pip.conf", "[global]\nindex-url = user\n")
    assert read_pip_options({**environ, "PIP_INDEX_URL": ""})["index-url"] == "user"
