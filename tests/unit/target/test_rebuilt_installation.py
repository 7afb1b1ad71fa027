"""A list of packages: pins are read, everything else is refused, and Apps are found in files."""

import pytest

from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.target.rebuilt_installation import find_app_modules, read_package_list


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        pytest.param("nautobot==2.4.44\n", ("nautobot==2.4.44",), id="one pin"),
        pytest.param(
            "# frozen\n\nNautobot == 2.4.44\nDjango==4.2.16  # LTS\n",
            ("nautobot==2.4.44", "django==4.2.16"),
            id="comments, blanks and names",
        ),
        pytest.param(
            "nautobot==2.4.44 \\\n    --hash=sha256:00\n", ("nautobot==2.4.44",), id="hashes"
        ),
        pytest.param(
            "nautobot[all]==2.4.44; python_version < '3.13'\n",
            ("nautobot==2.4.44",),
            id="extras and markers",
        ),
        pytest.param(
            "nautobot==2.4.44\nnautobot-upgrade-jobs==0.1.0\n",
            ("nautobot==2.4.44",),
            id="this tool is left out",
        ),
        pytest.param(
            "nautobot @ file:///tmp/nautobot-2.4.44-py3-none-any.whl#sha256=00\n",
            ("nautobot==2.4.44",),
            id="from a wheel",
        ),
        pytest.param("\ufeffnautobot==2.4.44\r\n", ("nautobot==2.4.44",), id="from Windows"),
    ],
)
def test_read_package_list_returns_the_pins(tmp_path, text, pins):
    file = tmp_path / "freeze.txt"
    file.write_text(text, "utf-8")
    assert read_package_list(file) == pins


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "contains no line nautobot==VERSION", id="empty"),
        pytest.param("django==4.2.16\n", "contains no line nautobot==VERSION", id="no Nautobot"),
        pytest.param("nautobot\n", "line 1 of", id="no version"),
        pytest.param("nautobot>=2.4\n", "line 1 of", id="a range"),
        pytest.param("nautobot==2.4.44\n-e .\n", "line 2 of", id="editable"),
        pytest.param(
            "nautobot==2.4.44\nours @ git+https://user:secret@example.com/ours\n",
            "line 2 of",
            id="a URL with a password",
        ),
        pytest.param("-r other.txt\n", "line 1 of", id="another file"),
        pytest.param("\x00\x01", "line 1 of", id="no text"),
    ],
)
def test_read_package_list_with_another_line_is_refused(tmp_path, text, says):
    file = tmp_path / "freeze.txt"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=says) as error:
        read_package_list(file)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_read_package_list_that_cannot_be_read_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be read"):
        read_package_list(tmp_path / name)


@pytest.mark.parametrize(
    ("code", "is_app"),
    [
        pytest.param(
            "from nautobot.apps import NautobotAppConfig\n"
            "class Config(NautobotAppConfig):\n    name = 'one'\nconfig = Config\n",
            True,
            id="an App",
        ),
        pytest.param(
            "from nautobot.extras.plugins import PluginConfig\nclass C(PluginConfig): pass\n"
            "config: type = C\n",
            True,
            id="a plugin of 1.x",
        ),
        pytest.param("config = {}\n", False, id="another variable"),
        pytest.param(
            "from nautobot.apps import NautobotAppConfig\n", False, id="a library for Apps"
        ),
        pytest.param("", False, id="empty"),
    ],
)
def test_find_app_modules_reads_files_only(tmp_path, code, is_app):
    for name, text in {"one": code, "nautobot": "config = PluginConfig"}.items():
        folder = tmp_path / "lib" / "python3.12" / "site-packages" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(f"raise SystemExit\n{text}", "utf-8")
    assert list(find_app_modules(tmp_path / "bin" / "python")) == (["one"] if is_app else [])
