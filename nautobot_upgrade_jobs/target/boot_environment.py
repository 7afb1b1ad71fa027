"""The environment variables and the configuration of a process with the code of the target."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Collection, Mapping
from pathlib import Path

PACKAGE = "nautobot_upgrade_jobs"
CONFIG_TEMPLATE = """from {package}.target.safe_settings import load_isolated

load_isolated(
    globals(),
    {path!r},
    directory={directory!r},
    scratch={scratch!r},
    without={without!r},
    database_alias={alias!r},
    relay={relay!r},
)
"""
READ_ONLY_PGOPTIONS = "-c default_transaction_read_only=on"
"""Options that make connections read-only if code other than Django opens them."""
WITHHELD_VARIABLES = frozenset(
    {
        "CELERY_BROKER_READ_URL",
        "CELERY_BROKER_URL",
        "CELERY_BROKER_WRITE_URL",
        "CELERY_RESULT_BACKEND",
        "DJANGO_SETTINGS_MODULE",
        "PROMETHEUS_MULTIPROC_DIR",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "SENTRY_DSN",
        "VIRTUAL_ENV",
    }
)
"""Environment variables that refer to live code, queues, files or monitoring."""


def build_boot_environment(
    environment: Mapping[str, str],
    python: Path,
    code: Path,
    temporary: Path,
    credentials: Collection[str],
) -> dict[str, str]:
    """Return the variables of this process, without live code and unused credentials.

    Args:
        environment: The variables of this process. The configuration may read values from them.
        python: The interpreter of the trial boot.
        code: The folder of the code that belongs to no distribution.
        temporary: The folder for temporary files.
        credentials: The passwords that the trial boot does not need, longest first.
    """
    live_code = set(sysconfig.get_paths().values())
    further_paths = (
        path
        for path in environment.get("PYTHONPATH", "").split(os.pathsep)
        if path and path not in live_code
    )
    passed = {
        name: _blank_out(value, credentials)
        for name, value in environment.items()
        if name.upper() not in WITHHELD_VARIABLES
    }
    return passed | {
        "PATH": f"{python.parent}{os.pathsep}{environment.get('PATH', os.defpath)}",
        "PYTHONPATH": os.pathsep.join((str(code), *further_paths)),
        # No bytecode may be written to the folders of live files, such as Job files.
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(temporary),
        "OTEL_SDK_DISABLED": "true",
        "PGOPTIONS": f"{environment.get('PGOPTIONS', '')} {READ_ONLY_PGOPTIONS}".strip(),
    }


def _blank_out(value: str, credentials: Collection[str]) -> str:
    """Replace credentials in a value. Its length stays the same for code that checks it."""
    for credential in credentials:
        value = value.replace(credential, "x" * len(credential))
    return value


def build_isolated_config(
    config: str, alias: str, without: Collection[str], scratch: Path, relay: str
) -> str:
    """Return a configuration that loads the live one, and uses no live services.

    Args:
        config: Path of the live configuration.
        alias: The entry of ``DATABASES`` that becomes the default.
        without: Apps to exclude.
        scratch: The folder for all files of the process.
        relay: The folder of the socket through which the database is reached. Empty for none.
    """
    return CONFIG_TEMPLATE.format(
        package=PACKAGE,
        path=str(Path(config).absolute()),
        directory=str(Path.cwd()),
        scratch=str(scratch),
        without=sorted(without),
        alias=alias,
        relay=relay,
    )
