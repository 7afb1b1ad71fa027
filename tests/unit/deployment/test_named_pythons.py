"""What unit files, uwsgi.ini and install.sh say about Python."""

import pytest

from nautobot_upgrade_jobs.deployment.named_pythons import (
    find_install_script,
    find_named_pythons,
)

NAUTOBOT_SCRIPT = """\
#!/bin/bash
VIRTUALENV="$(pwd -P)/venv"
if [ -d "$VIRTUALENV" ]; then
  rm -rf "$VIRTUALENV"
fi
/usr/bin/python3 -m venv "$VIRTUALENV"
pip3 install nautobot
"""


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("ExecStart=/opt/nautobot/venv/bin/python3.9 nautobot-server start", ["3.9"]),
        ("pythonpath = /opt/nautobot/lib/python3.10/site-packages", ["3.10"]),
        ("plugins = python3.9\nhome = /opt/python3.11", ["3.9", "3.11"]),
        ("# python3.9\n; python3.8\nhome = /opt/nautobot", []),
        ("plugins = python3", []),
        ("home = /opt/mypython3.9x", []),
    ],
)
def test_find_named_pythons_reads_versions_outside_of_comments(tmp_path, text, versions):
    file = tmp_path / "uwsgi.ini"
    file.write_text(text)
    missing = tmp_path / "missing"
    assert [each.version for each in find_named_pythons((file, missing, tmp_path))] == versions


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(NAUTOBOT_SCRIPT, True, id="Nautobot's script"),
        pytest.param(
            NAUTOBOT_SCRIPT.replace("nautobot\n", "nautobot==3.2.7\n"), False, id="pinned"
        ),
        pytest.param("pip3 install nautobot\n", False, id="removes nothing"),
        pytest.param("rm -rf venv\npip3 install netbox\n", False, id="another program"),
        pytest.param("# rm -rf venv\npip3 install nautobot\n", False, id="a comment"),
    ],
)
def test_find_install_script_finds_an_unpinned_installation(tmp_path, text, found):
    (tmp_path / "install.sh").write_text(text)
    python = tmp_path / "python3"
    python.symlink_to("python3.9")
    script = find_install_script((tmp_path / "missing", tmp_path), python)
    assert bool(script) is found
    if script:
        assert script.python == "3.9"


def test_find_install_script_without_a_host_python_knows_no_version(tmp_path):
    (tmp_path / "install.sh").write_text(NAUTOBOT_SCRIPT)
    assert find_install_script((tmp_path,), tmp_path / "python3").python == ""
