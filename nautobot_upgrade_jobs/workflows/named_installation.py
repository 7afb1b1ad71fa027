"""The installation that the options of a command from outside name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..app_settings import Configuration
from ..common.errors import UsageError
from ..target.bare_database import bare_installation
from ..target.installation import (
    Installation,
    find_python,
    read_environment_file,
    read_installation,
)
from ..target.rebuilt_installation import PackageList, rebuilt_installation
from .context import require_catalog


@contextlib.contextmanager
def describe_installation(options: Mapping[str, Any]) -> Iterator[Installation]:
    """Describe the installation that the operator names.

    Raises:
        UsageError: It cannot be described, or an option does not belong to the others.
    """
    if options["database"]:
        with _describe_database(options) as installation:
            yield installation
        return
    if options["apps"]:
        raise UsageError("--apps requires --database.")
    environment = read_environment_file(options["env_file"]) if options["env_file"] else {}
    os.environ.update(environment)  # The target loads the same configuration.
    file = os.path.abspath(options["env_file"]) if options["env_file"] else ""
    config = str(options["config"] or "")
    if options.get("requirements"):
        packages = PackageList(
            options["requirements"], config, options["python"], options["wheel_directory"]
        )
        with rebuilt_installation(packages, Configuration.build_timeout_seconds) as installation:
            yield replace(installation, environment_file=file)
        return
    installation = read_installation(options["python"] or find_python(config), config)
    yield replace(installation, environment_file=file)


@contextlib.contextmanager
def _describe_database(options: Mapping[str, Any]) -> Iterator[Installation]:
    names = ("python", "env_file", "requirements")
    if given := [name for name in names if options.get(name)]:
        raise UsageError(f"--{given[0].replace('_', '-')} requires --config.")
    catalog = require_catalog()
    with bare_installation(
        options["database"], options["apps"], options["target"], catalog
    ) as installation:
        yield installation
