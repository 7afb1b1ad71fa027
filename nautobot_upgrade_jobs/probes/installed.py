"""Describe an installation from its own interpreter: ``python installed.py nautobot_config.py``.

The tool runs this file with the interpreter of the installation, which can be Python 3.6 and need
not have any package. It imports nothing but the standard library, and it changes nothing. Standard
output is one JSON document. The tool keeps it in memory, because it has the database's password.
"""

import contextlib
import importlib
import json
import os
import runpy
import sys

VALUES = ("PLUGINS", "DATABASES", "NAUTOBOT_ROOT")


def describe(config):
    """Return what the interpreter and the configuration say."""
    result = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "prefix": sys.prefix,
        "paths": [path for path in sys.path[1:] if os.path.isdir(path)],
        "config_error": "",
        "values": {},
        "settings": [],
        "plugins_config": {},
        "apps": {},
    }
    try:
        with contextlib.redirect_stdout(sys.stderr):
            settings = runpy.run_path(config)
    except BaseException as error:
        result["config_error"] = "%s: %s" % (type(error).__name__, error)
        return result
    result["values"] = {name: to_json(settings.get(name)) for name in VALUES}
    result["settings"] = sorted(filter(str.isupper, list_own(settings)))
    blocks = settings.get("PLUGINS_CONFIG") or {}
    result["plugins_config"] = {
        str(name): sorted(map(str, block or ())) for name, block in dict(blocks).items()
    }
    with contextlib.redirect_stdout(sys.stderr):
        result["apps"] = {
            str(name): describe_app(str(name)) for name in settings.get("PLUGINS") or ()
        }
    return result


def list_own(settings):
    """Return the names that the configuration sets to other values than Nautobot does."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            defaults = vars(importlib.import_module("nautobot.core.settings"))
    except BaseException:
        defaults = {}
    return [name for name in settings if settings[name] != defaults.get(name, Ellipsis)]


def describe_app(module):
    """Return the limits that an App declares. Empty if it cannot be imported without Django."""
    try:
        config = importlib.import_module(module).config
        names = ("min_version", "max_version", "version")
        return {name: str(getattr(config, name, "") or "") for name in names}
    except BaseException:
        return {}


def to_json(value):
    """Return a value as JSON types. Other types become text."""
    if isinstance(value, dict):
        return {str(name): to_json(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


if __name__ == "__main__":
    document = json.dumps(describe(sys.argv[1]))
    sys.stdout.write("\n" + document + "\n")
    sys.stdout.flush()
    os._exit(0)  # Skip threads and exit handlers of what the configuration has imported.
