"""An installation as its own interpreter describes it, from outside."""

import ast
import json
import os
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.target import old_release
from nautobot_upgrade_jobs.target.installation import (
    PROBE,
    build_live_database,
    find_python,
    read_environment_file,
    read_installation,
)
from tests.support.builders import DEPLOYMENTS

POSTGRESQL = {
    "ENGINE": "django_prometheus.db.backends.postgresql",
    "NAME": "nautobot",
    "USER": "nb",
    "PASSWORD": "secret",
    "HOST": "db",
    "PORT": "5433",
    "OPTIONS": {"sslmode": "require", "isolation_level": 3},
}
CONFIG = """
import os
print("noise of a configuration")
from nautobot.core.settings import *
PLUGINS = ["example_app", "gone_app"]
PLUGINS_CONFIG = {"example_app": {"token": "secret"}, "gone_app": None}
DATABASES = {"default": %r}
NAUTOBOT_ROOT = "/opt/nautobot"
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of packages with Nautobot 1.6.32 and an App, on the path of the interpreter."""
    folder = tmp_path / "site"
    for name, version, extra in (
        ("nautobot", "1.6.32", ""),
        ("example-app", "1.2", "Requires-Dist: nautobot (>=1.2,<2.0)\n"),
    ):
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{extra}"
        (info / "METADATA").write_text(text)
    (folder / "nautobot/core").mkdir(parents=True)
    (folder / "nautobot/core/settings.py").write_text("DEBUG = False\nMIDDLEWARE = []\n")
    (folder / "example_app.py").write_text(
        "class config:\n    min_version = '1.2.0'\n    max_version = '1.9999'\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "nautobot_config.py"
    path.write_text(CONFIG % POSTGRESQL)
    return path


def test_installation_has_its_packages_apps_and_database(site, config):
    found = read_installation(sys.executable, str(config))
    assert found.release == "1.6.32"
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    app, gone = found.apps.enabled
    assert (app.distribution, app.version, app.max_version) == ("example-app", "1.2", "1.9999")
    assert app.nautobot_requirements == ("<2.0,>=1.2",)
    assert (gone.module, gone.distribution) == ("gone_app", "")
    assert found.apps.configured == {"example_app": ("token",), "gone_app": ()}
    assert found.database.parameters["password"] == "secret"
    assert "secret" not in repr(found)
    assert found.settings >= {"PLUGINS", "DATABASES"}
    assert "DEBUG" not in found.settings
    assert not (site / "__pycache__").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import os\nos.environ['NAUTOBOT_GONE']\n",
            "KeyError of NAUTOBOT_GONE in line 2.*--env-file",
        ),
        ("raise SystemExit('no')\n", "SystemExit in line 1"),
        ("PLUGINS = (", "SyntaxError in line 1"),
        ("DATABASES = {'default': {'ENGINE': 'django.db.backends.oracle'}}", "oracle is not supp"),
        ("DATABASES = {}", "the engine of DATABASES is not supported"),
    ],
)
def test_configuration_that_cannot_be_used_is_named(site, config, text, message):
    config.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_installation(sys.executable, str(config))


LEAKS = (
    "raise ValueError('cannot connect with %s' % DATABASES)",
    "import sys, os\nsys.stderr.write('dsn postgres://nb:secret@db')\nos._exit(3)",
    "import sys\nprint('secret')\nsys.exit('secret')",
    "{}['secret']",
    "DATABASES['default']['PORT'] = 'secret'\n"
    "DATABASES['default']['ENGINE'] = 'django.db.backends.mysql'",
    "DATABASES['default']['OPTIONS'] = ['secret']",
)


@pytest.mark.parametrize("line", LEAKS)
def test_no_message_quotes_a_secret_of_the_configuration(site, config, line):
    config.write_text(f"{config.read_text()}\n{line}\n")
    with pytest.raises(UsageError) as caught:
        read_installation(sys.executable, str(config))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("DEBUG = True", {"DEBUG"}),
        ("MIDDLEWARE.append('x')", {"MIDDLEWARE"}),  # changed in place
        ("MIDDLEWARE = MIDDLEWARE", set()),
        ("class Odd:\n    def __ne__(self, other): raise RuntimeError\nODD = Odd()", {"ODD"}),
        ("class Odd:\n    def __repr__(self): raise RuntimeError\nODD = Odd()", {"ODD"}),
        ("PLUGINS_CONFIG = ['x']", {"PLUGINS_CONFIG"}),
        ("PLUGINS_CONFIG = {'example_app': 5}", {"PLUGINS_CONFIG"}),
    ],
)
def test_settings_are_those_that_the_configuration_changes(site, config, line, expected):
    config.write_text(f"{config.read_text()}\n{line}\n")
    found = read_installation(sys.executable, str(config)).settings
    usual = {"PLUGINS", "PLUGINS_CONFIG", "DATABASES", "NAUTOBOT_ROOT"}
    assert found - usual == expected - usual


def test_several_ports_of_postgresql_are_kept():
    assert (
        build_live_database({**POSTGRESQL, "PORT": "5432,5433"}).parameters["port"] == "5432,5433"
    )


def test_app_is_found_in_a_distribution_of_another_name(site, config):
    info = site / "nautobot_welcome-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nautobot-welcome\nVersion: 1.0\n")
    (info / "RECORD").write_text("welcome/__init__.py,,\nwelcome_more/__init__.py,,\n")
    config.write_text(CONFIG % POSTGRESQL + "PLUGINS = ['welcome', 'welcome_mo']\n")
    welcome, other = read_installation(sys.executable, str(config)).apps.enabled
    assert (welcome.distribution, welcome.version) == ("nautobot-welcome", "1.0")
    assert other.distribution == ""


@pytest.mark.parametrize("location", ["redis://:S3cret\u2100PW@h:1/0", "redis://:S3[cret@h/0", 7])
def test_location_of_a_cache_that_is_no_url_is_ignored(site, config, location):
    block = {"default": {"LOCATION": location}}
    config.write_text(f"{CONFIG % POSTGRESQL}CACHES = {block!r}\n")
    found = read_installation(sys.executable, str(config))
    assert found.place.server_hosts == ("db",)
    assert "S3" not in repr(found)


def test_relative_interpreter_becomes_absolute(site, config):
    relative = os.path.relpath(sys.executable)
    assert read_installation(relative, str(config)).interpreter == os.path.abspath(relative)


def test_paths_in_a_release_are_named_by_its_link(site, config):
    deployment = DEPLOYMENTS["release link"]
    found = replace(read_installation(sys.executable, str(config)), deployment=deployment)
    link, folder = deployment.release.link, deployment.release.folder
    assert found.name_by_link(f"{folder}/venv/bin/python") == f"{link}/venv/bin/python"
    assert found.name_by_link(f"{folder}-old/bin/python") == f"{folder}-old/bin/python"
    assert found.name_by_link("/etc/nautobot_config.py") == "/etc/nautobot_config.py"


def test_environment_file_is_read_as_systemd_does(tmp_path):
    file = tmp_path / "env"
    file.write_text(
        "# comment\n; another\n\nNAUTOBOT_ROOT=/opt/nautobot\nexport A = 'x = y' \n"
        'B="q"\nC=\nD=one \\\ntwo\n'
        + r"""E="a\"b\\c\n"
F=ab\$c
G='a\b'
"""
    )
    assert read_environment_file(file) == {
        **{"NAUTOBOT_ROOT": "/opt/nautobot", "A": "x = y", "B": "q", "C": "", "D": "one two"},
        **{"E": 'a"b\\c\\n', "F": "ab$c", "G": "a\\b"},
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"A=1\nsecret\n", "line 2 of"),
        (b"1A=x\n", "line 1 of"),
        (b"\xff", "UnicodeDecodeError"),
        (b"A=\0", "zero byte"),
        (b"A='secret\n", "line 1 of .* no closing quote"),
    ],
)
def test_invalid_environment_file_is_named_without_its_content(tmp_path, content, message):
    (tmp_path / "env").write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_environment_file(tmp_path / "env")
    assert "secret" not in str(caught.value)


def test_missing_environment_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="FileNotFoundError"):
        read_environment_file(tmp_path / "env")


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("/no/python", "cannot be run: No such file"),
        ("/bin/true", "did not describe itself"),
        (sys.executable, "has no Nautobot"),
    ],
)
def test_interpreter_that_cannot_be_used_is_named(config, monkeypatch, python, message):
    if find_spec("nautobot"):
        pytest.skip("this environment has a Nautobot")
    with pytest.raises(UsageError, match=message):
        read_installation(python, str(config))


def test_interpreter_that_says_something_else_is_named(config, tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho 5\n")
    script.chmod(0o755)
    with pytest.raises(UsageError, match="did not describe itself"):
        read_installation(str(script), str(config))


def test_missing_configuration_is_named(tmp_path):
    with pytest.raises(UsageError, match="is not a file"):
        read_installation(sys.executable, str(tmp_path / "gone.py"))


@pytest.mark.parametrize("place", ["bin/python3", "bin/python", "venv/bin/python3"])
def test_interpreter_is_found_next_to_the_configuration(tmp_path, place):
    (tmp_path / "nautobot_config.py").touch()
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    assert find_python(str(tmp_path / "nautobot_config.py")) == str(tmp_path / place)


def test_missing_interpreter_is_asked_for(tmp_path):
    (tmp_path / "nautobot_config.py").touch()
    with pytest.raises(UsageError, match="--python: no interpreter is in"):
        find_python(str(tmp_path / "nautobot_config.py"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            {
                "sslmode": "require",
                **{"dbname": "nautobot", "user": "nb", "password": "secret"},
                **{"host": "db", "port": "5433"},
            },
        ),
        (
            {"OPTIONS": None, "PASSWORD": "", "HOST": "", "PORT": ""},
            {"dbname": "nautobot", "user": "nb"},
        ),
        (
            {"ENGINE": "django.db.backends.mysql", "HOST": "/run/mysqld.sock", "OPTIONS": {}},
            {
                **{"database": "nautobot", "user": "nb", "password": "secret"},
                **{"unix_socket": "/run/mysqld.sock", "port": 5433},
            },
        ),
    ],
)
def test_database_gets_the_parameters_of_its_client(changes, expected):
    assert build_live_database({**POSTGRESQL, **changes}).parameters == expected


@pytest.mark.parametrize("probe", [PROBE, old_release.PROBE])
def test_probe_has_the_syntax_of_python_3_6_and_imports_only_the_standard_library(probe):
    tree = ast.parse(Path(probe).read_text(), feature_version=(3, 6))
    # Functions import Nautobot and Django, which the installation has.
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    imported = {alias.name for node in imports for alias in node.names}
    assert imported <= {
        *("contextlib", "hashlib", "hmac", "importlib", "importlib.util", "json", "os", "re"),
        *("runpy", "sys", "traceback"),
    }


def test_probe_writes_values_of_other_types_as_text(tmp_path):
    namespace = {}
    exec(compile(Path(PROBE).read_text(), "probe", "exec"), namespace)  # not run as a program
    value = namespace["to_json"]({"a": {1: Path("/x")}, "b": (True, None, {"c"})})
    assert json.loads(json.dumps(value)) == {"a": {"1": "/x"}, "b": [True, None, "{'c'}"]}
