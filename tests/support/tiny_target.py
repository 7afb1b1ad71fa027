"""A tiny Nautobot with Apps, as wheels, and its configuration."""

from dataclasses import replace

from nautobot_upgrade_jobs.facts import Apps, Packages
from nautobot_upgrade_jobs.target.isolation import LiveDatabase
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from tests.support.builders import app
from tests.support.installations import CORE
from tests.support.wheels import wheel

UNREACHABLE = LiveDatabase("postgresql", {"host": "127.0.0.1", "port": 1})

LOADER = """
import importlib, importlib.util

def load_settings(path):
    spec = importlib.util.spec_from_file_location("nautobot_config", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for plugin_name in module.PLUGINS:
        plugin = importlib.import_module(plugin_name)
        if getattr(plugin, "refuses", False):
            raise RuntimeError(f"{plugin_name} requires another Nautobot")
"""
CONFIG = """
import os
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
PLUGINS = ["nautobot_upgrade_jobs", "good"]
SECRET = os.environ["PLANTED_SECRET"]
"""
FAILING_APPS_CONFIG = f"{CONFIG}PLUGINS += ['old', 'broken']\n"
MODULES = {
    "good": "refuses = False\n",
    "old": "refuses = True\n",
    "broken": "\n\nfrom nautobot.core import gone\n",
}


PACKAGES = (CORE, *(replace(CORE, name=name, version="1.0", requires=()) for name in MODULES))
ENABLED = Apps(
    (
        app(module="nautobot_upgrade_jobs", distribution=""),
        *(app(module=name, distribution=name) for name in MODULES),
    ),
    (),
)
ROOTS = RootRequirements(Packages(PACKAGES), ENABLED, "3.11.7")


def write_index(folder):
    """A Nautobot that loads its Apps and fails at the start of Django, which does not exist."""
    core = (("nautobot/__init__.py", ""), ("nautobot/core/__init__.py", ""))
    files = (*core, ("nautobot/core/cli/__init__.py", LOADER))
    wheel(folder, "nautobot", "3.2.7", files=files)
    for name, text in MODULES.items():
        wheel(folder, name, "1.0", files=((f"{name}.py", text),))
    return folder
