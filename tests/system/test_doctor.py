"""The doctor names the cause when ``nautobot-server`` does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.workflows.doctor import config_path, diagnose_startup
from tests.support.brokers import sentinel_port, tls_port

pytestmark = pytest.mark.once

APP = """
from nautobot.apps import NautobotAppConfig
{before}
class Config(NautobotAppConfig):
    name = "sick_app"
    version = "1.0"
    verbose_name = author = description = "Sick"
    {inside}
config = Config
"""


@pytest.fixture
def sick(tmp_path, monkeypatch):
    """Return a function that writes a configuration with extra lines and an App."""
    monkeypatch.setenv("NAUTOBOT_DB_NAME", "nautobot")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(lines="", before="", inside="pass", config=None, enabled=False):
        path = tmp_path / "nautobot_config.py"
        text = Path(config_path()).read_text() if config is None else config
        if enabled or before or inside != "pass":
            lines += "\nPLUGINS = ['sick_app']"
        path.write_text(f"{text}\n{lines}\n")
        app = tmp_path / "sick_app"
        app.mkdir(exist_ok=True)
        (app / "__init__.py").write_text(APP.format(before=before, inside=inside))
        monkeypatch.setenv("NAUTOBOT_CONFIG", str(path))
        return path

    return make


CAUSES = {
    "no configuration": ({}, "configuration"),
    "syntax error": ({"lines": "ALLOWED_HOSTS = ["}, "nautobot_config.py"),
    "removed name": (
        {"lines": "from nautobot.core.settings_funcs import no_such_name"},
        "nautobot_config.py",
    ),
    "missing variable": (
        {"lines": "import os\nX = os.environ['NO_SUCH_VARIABLE']"},
        "NO_SUCH_VARIABLE",
    ),
    "App not installed": ({"lines": "PLUGINS = ['nautobot_nowhere']"}, "nautobot_nowhere"),
    "App too old": ({"inside": "max_version = '1.9999'"}, "sick_app"),
    "App too new": ({"inside": "min_version = '9.0'"}, "sick_app"),
    "App lacks a setting": ({"inside": "required_settings = ['TOKEN']"}, "sick_app"),
    "App imports a removed name": (
        {"before": "from nautobot.apps import NoSuchName"},
        "sick_app",
    ),
    "Apps exclude each other": (
        {"before": "raise RuntimeError('sick_app conflicts with nautobot_upgrade_jobs')"},
        "conflicting Apps",
    ),
    "same App twice": ({"lines": "EXTRA_INSTALLED_APPS = ['nautobot.dcim']"}, "dcim"),
    "no secret key": ({"lines": "SECRET_KEY = ''"}, "SECRET_KEY"),
    "no database server": ({"lines": "DATABASES['default']['PORT'] = '1'"}, "database server"),
    "no such database": ({"lines": "DATABASES['default']['NAME'] = 'nowhere'"}, "database"),
    "no Redis": (
        {"lines": "CACHES['default']['LOCATION'] = 'redis://127.0.0.1:1/0'"},
        "redis",
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_doctor_names_the_cause(cause, sick, tmp_path, monkeypatch):
    changes, subject = CAUSES[cause]
    path = sick(**changes)
    if cause == "no configuration":
        path.unlink()
    report = diagnose_startup()
    assert report.verdict is Verdict.BLOCKED
    first = next(report.findings()).finding
    assert first.subject == subject, (first.message, first.evidence)
    assert first.remediation


def test_doctor_names_file_and_line(sick):
    sick(before="\n\nfrom nautobot.apps import NoSuchName")
    finding = next(diagnose_startup().findings()).finding
    assert "NoSuchName" in finding.message
    assert "sick_app/__init__.py, line 5" in finding.message


def test_doctor_starting_nautobot_is_go(sick):
    sick()
    assert diagnose_startup().verdict is Verdict.GO


BROKERS = {
    "TLS options of Celery": """
import ssl
CELERY_BROKER_URL = "rediss://127.0.0.1:{tls}/0"
CELERY_BROKER_USE_SSL = {{"ssl_cert_reqs": ssl.CERT_NONE}}
""",
    "TLS options of the URL": """
CELERY_BROKER_URL = "rediss://127.0.0.1:{tls}/0?ssl_cert_reqs=CERT_NONE"
""",
    "Sentinel": """
CELERY_BROKER_URL = "sentinel://127.0.0.1:{sentinel}/0"
CELERY_BROKER_TRANSPORT_OPTIONS = {{"master_name": "primary"}}
""",
}


@pytest.fixture
def ports(tmp_path, instance):
    """Return the ports of a TLS proxy and of a Sentinel in front of this instance's server."""
    port = int(os.environ["NAUTOBOT_REDIS_PORT"])
    with tls_port(tmp_path, port) as tls, sentinel_port(tmp_path, instance, port) as sentinel:
        yield {"tls": tls, "sentinel": sentinel}


@pytest.mark.parametrize("broker", BROKERS)
def test_doctor_connects_to_the_broker_as_nautobot_does(broker, sick, ports):
    sick(lines=BROKERS[broker].format(**ports))
    report = diagnose_startup()
    assert report.verdict is Verdict.GO, [one.finding.message for one in report.findings()]


def test_doctor_names_a_broker_that_expects_tls(sick, ports):
    sick(lines=f"CELERY_BROKER_URL = 'redis://127.0.0.1:{ports['tls']}/0'")
    report = diagnose_startup()
    assert report.verdict is Verdict.BLOCKED
    assert next(report.findings()).finding.subject in ("message broker", "redis")


def test_doctor_loads_no_django(sick):
    sick(lines="PLUGINS = ['nautobot_nowhere']")
    code = (
        "import sys; from nautobot_upgrade_jobs.__main__ import main; code = main(['doctor']); "
        "print(code, [name for name in ('django', 'nautobot', 'celery') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True
    )
    assert done.stdout.splitlines()[-1] == "2 []"
    assert "nautobot_nowhere" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_doctor_reveals_no_secret_of_the_configuration(sick):
    sick(lines="PASSWORD = 'hunter2-very-secret\nALLOWED_HOSTS = []")
    finding = next(diagnose_startup().findings()).finding
    assert "hunter2" not in str(finding)
