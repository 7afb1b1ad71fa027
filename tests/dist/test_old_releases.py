"""Releases that are too old for the App: its wheel refuses them, and its probe describes them."""

import json
import os
import subprocess

import pytest

from development.venvs import REPOSITORY, ensure_uv, find_interpreter, find_python

pytestmark = pytest.mark.network
SECRET = "a-key-of-no-installation-at-all-0123456789-abcdefghij"
CONFIG = f"""from nautobot.core.settings import *
SECRET_KEY = {SECRET!r}
PLUGINS = ["nautobot_upgrade_jobs"]
"""


@pytest.mark.parametrize("release", ["1.6.32", "2.3.16", "2.4.0"])
def test_wheel_changes_no_package_of_an_old_nautobot_and_refuses_to_start(
    release, built, tmp_path
):
    """The packages of a Nautobot stay as they are, and the start ends with one line."""
    uv, venv = ensure_uv(), tmp_path / "venv"
    python = venv / "bin" / "python"

    def pip(*words):
        command = [uv, "-q", "pip", *words, "--python", python]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    subprocess.run([uv, "venv", "-q", "--python", find_python("2.4.44"), venv], check=True)
    pip("install", f"nautobot=={release}", "setuptools<81")
    before = set(pip("freeze").splitlines())
    pip("install", "--find-links", built[0].parent, "nautobot-upgrade-jobs")
    added = {line.partition("==")[0].partition(" @")[0] for line in pip("freeze").splitlines()}
    assert before <= set(pip("freeze").splitlines())
    assert added - {line.partition("==")[0] for line in before} <= {"nautobot-upgrade-jobs", "uv"}
    config = tmp_path / "nautobot_config.py"
    config.write_text(CONFIG)
    done = subprocess.run(
        [venv / "bin" / "nautobot-server", "check"],
        env=os.environ | {"NAUTOBOT_CONFIG": str(config), "NAUTOBOT_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [one for one in done.stderr.splitlines() if "nautobot_upgrade_jobs" in one]
    assert f"this is {release}" in line


PROBE = REPOSITORY / "nautobot_upgrade_jobs" / "probes" / "installed.py"


@pytest.mark.parametrize(("release", "number"), [("1.0.3", "3.6"), ("1.6.32", "3.8")])
def test_probe_describes_an_old_nautobot_with_its_own_python(release, number, tmp_path):
    interpreter = find_interpreter(number)
    if interpreter is None:
        pytest.skip(f"there is no Python {number}")
    venv, uv = tmp_path / "venv", ensure_uv()
    subprocess.run([interpreter, "-m", "venv", "--without-pip", venv], check=True)
    python = venv / "bin" / "python"
    subprocess.run([uv, "-q", "pip", "install", "--python", python, f"nautobot=={release}"], check=True)
    config = tmp_path / "nautobot_config.py"
    config.write_text(f"from nautobot.core.settings import *\nSECRET_KEY = {SECRET!r}\n")
    done = subprocess.run([python, PROBE, config], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["python"].startswith(number)
    assert found["config_error"] == ""
    assert found["values"]["DATABASES"]["default"]["NAME"] == "nautobot"
    assert SECRET not in done.stdout
    filters = PROBE.with_name("old_filters.py")
    code = f"compile(open({str(filters)!r}).read(), 'old_filters', 'exec')"
    subprocess.run([python, "-c", code], check=True)
