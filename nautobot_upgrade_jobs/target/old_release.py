"""Evaluate stored filters with the code of an old release, in the isolation of a trial boot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ..common.regular_files import read_regular_file
from ..facts import FilterResults, Listing, Unavailable
from .boot_environment import build_boot_environment
from .boot_result import BootFailed
from .installation import Installation
from .isolation.sandbox import Sandbox, open_sandbox, stop_launcher
from .safe_settings import build_relay_login
from .scratch_dir import ScratchError, scratch_folder

PROBE = Path(__file__).parents[1] / "probes" / "old_filters.py"
SECONDS = 600
STATEMENT_SECONDS = 60
MAX_RESULT_BYTES = 1 << 24
NOT_EVALUATED = Unavailable("1.x has no saved views that a newer release has")
CONFIG = """\
import os

__file__ = {path!r}
exec(compile(open(__file__, "rb").read(), __file__, "exec"))
_database = dict(DATABASES["default"], **{login!r})
if "mysql" in _database["ENGINE"]:
    _options = dict(_database.get("OPTIONS") or {{}})
    _options["init_command"] = "SET SESSION TRANSACTION READ ONLY"
    _database["OPTIONS"] = _options
DATABASES = {{"default": _database}}
_local = "django.core.cache.backends.locmem.LocMemCache"
CACHES = {{name: {{"BACKEND": _local, "LOCATION": name}} for name in dict(CACHES, default={{}})}}
for _name in ("MEDIA_ROOT", "JOBS_ROOT", "GIT_ROOT", "STATIC_ROOT"):
    globals()[_name] = os.path.join({writable!r}, _name.lower())
CACHEOPS_ENABLED = False
CELERY_BROKER_URL = "memory://"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
INSTALLATION_METRICS_ENABLED = False
METRICS_ENABLED = False
LOGGING = {{"version": 1, "disable_existing_loggers": False}}
"""
"""Nothing but the database is reached, and only its own folder is written to.

The file runs in the Python of the installation."""


def evaluate_filters(installation: Installation) -> FilterResults | Unavailable:
    """Return the members of dynamic groups and permissions, as the installed release finds them.

    Returns:
        The results, or why they are unavailable. Filters of models whose objects get other keys in
        2.0 are left out.
    """
    try:
        with (
            scratch_folder() as folder,
            open_sandbox(folder, installation.database, STATEMENT_SECONDS) as sandbox,
        ):
            sections = _run_probe(installation, sandbox, folder)
    except (ScratchError, BootFailed, OSError, ValueError) as error:
        return Unavailable(f"the installed release could not evaluate its filters: {error}")
    groups, permissions = (
        _build_listing(sections[name]) for name in ("dynamic_groups", "object_permissions")
    )
    return FilterResults(groups, permissions, NOT_EVALUATED)


def _run_probe(installation: Installation, sandbox: Sandbox, folder: Path) -> dict[str, Any]:
    """Run the probe with the interpreter of the installation.

    Raises:
        BootFailed: It ends without a result.
    """
    writable = folder / "writable"
    writable.mkdir()
    probe, config, answer = folder / PROBE.name, folder / "nautobot_config.py", writable / "answer"
    shutil.copyfile(PROBE, probe)
    login = build_relay_login(installation.database.vendor, sandbox.database_folder)
    text = CONFIG.format(path=installation.config, login=login, writable=str(writable))
    config.write_text(text, "utf-8")
    password = str(installation.database.parameters.get("password") or "")
    environment = build_boot_environment(
        os.environ,
        Path(installation.interpreter),
        folder / "code",
        writable,
        [password] if password and sandbox.database_folder else [],
    )
    process = subprocess.Popen(  # noqa: S603 - the interpreter that the operator names
        sandbox.wrap([installation.interpreter, str(probe), str(answer)], writable),
        cwd=writable,
        env=environment | {"NAUTOBOT_CONFIG": str(config)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # A configuration can print its secrets.
        start_new_session=True,
    )
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise BootFailed(f"it took longer than {SECONDS} seconds") from None
    finally:
        stop_launcher(process)
    try:
        found: dict[str, Any] = json.loads(read_regular_file(answer, MAX_RESULT_BYTES))
    except (OSError, ValueError):
        raise BootFailed(f"its process ended with exit code {process.returncode}") from None
    if reason := found.get("error"):
        raise BootFailed(f"it does not start: {reason}")
    return found


def _build_listing(results: dict[str, tuple[str, int | None, str]]) -> Listing:
    """Return the listing of filters, with their numbers and errors."""
    return Listing(
        {name: text for name, (text, _, _) in results.items()},
        {name: number for name, (_, number, _) in results.items() if number is not None},
        errors={name: error for name, (_, _, error) in results.items() if error},
    )
