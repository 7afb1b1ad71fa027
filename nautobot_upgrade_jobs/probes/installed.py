"""Describe an installation from its own interpreter: ``python installed.py nautobot_config.py``.

The tool runs this file with the interpreter of the installation, which can be Python 3.6 and need
not have any package. It imports nothing but the standard library, and it changes nothing. Standard
output is one JSON document. The tool keeps it in memory, because it has the database's password.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import re
import runpy
import sys
import traceback

FOLDERS = ("MEDIA_ROOT", "JOBS_ROOT", "GIT_ROOT", "STATIC_ROOT")
VALUES = ("PLUGINS", "DATABASES", "NAUTOBOT_ROOT", "CACHES", *FOLDERS)


def describe(config):
    """Return what the interpreter and the configuration say."""
    result = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "prefix": sys.prefix,
        "has_own_environment": sys.prefix != sys.base_prefix,
        "code": find_code(),
        "paths": [path for path in sys.path[1:] if os.path.isdir(path)],
        "config_error": "",
        "values": {},
        "settings": [],
        "plugins_config": {},
        "apps": {},
    }
    defaults = read_defaults()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            settings = runpy.run_path(config)
    except BaseException as error:
        result["config_error"] = describe_error(error, config)
        return result
    result["values"] = {name: to_json(settings.get(name)) for name in VALUES}
    result["settings"] = sorted(
        name for name in settings if name.isupper() and show(settings[name]) != defaults.get(name)
    )
    blocks = settings.get("PLUGINS_CONFIG")
    result["plugins_config"] = {
        str(name): sorted(map(str, block)) if isinstance(block, dict) else []
        for name, block in (blocks.items() if isinstance(blocks, dict) else ())
    }
    with contextlib.redirect_stdout(sys.stderr):
        result["apps"] = {
            str(name): describe_app(str(name)) for name in settings.get("PLUGINS") or ()
        }
    return result


def find_code():
    """Return the folder of Nautobot's package. Empty if there is none."""
    try:
        return os.path.dirname(importlib.util.find_spec("nautobot").origin)
    except BaseException:
        return ""


def read_defaults():
    """Return the settings of Nautobot as text, before the configuration changes them in place."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found = vars(importlib.import_module("nautobot.core.settings"))
    except BaseException:
        return {}
    return {name: show(value) for name, value in found.items() if name.isupper()}


def show(value):
    """Return the text of a value. It can be anything."""
    try:
        return repr(value)
    except BaseException:
        return "?"


def describe_error(error, config):
    """Return what stopped the configuration, without a text that can contain a secret."""
    lines = [
        frame[1]
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.abspath(frame[0]) == os.path.abspath(config)
    ]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    name = getattr(error, "name", None)
    if isinstance(error, KeyError) and re.match(r"[A-Z][A-Z0-9_]*$", str(error).strip("'")):
        name = str(error).strip("'")  # the name of an environment variable
    parts = [type(error).__name__, " of %s" % name if name else ""]
    parts.append(" in line %s" % line if line else "")
    return "".join(parts)


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
