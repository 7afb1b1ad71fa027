"""Building a set of tiny wheels and starting it: what refuses is found, one by one."""

import os
import resource
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.facts import Apps, Packages, Unavailable
from nautobot_upgrade_jobs.target import inspect as inside
from nautobot_upgrade_jobs.target.inspect import BuildLimits, inspect
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from nautobot_upgrade_jobs.target.scratch_dir import PREFIX
from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation
from nautobot_upgrade_jobs.target.venv import build
from tests.support.builders import app
from tests.support.installations import CORE
from tests.support.wheels import wheel

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
PLUGINS = ["nautobot_upgrade_jobs", "good", "old", "broken"]
SECRET = os.environ["PLANTED_SECRET"]
"""
MODULES = {
    "good": "refuses = False\n",
    "old": "refuses = True\n",
    "broken": "\n\nfrom nautobot.core import gone\n",
}


@pytest.fixture
def index(tmp_path):
    """A Nautobot that loads its Apps, and dies as it starts Django: there is none."""
    folder = tmp_path / "index"
    folder.mkdir()
    core = (("nautobot/__init__.py", ""), ("nautobot/core/__init__.py", ""))
    files = (*core, ("nautobot/core/cli/__init__.py", LOADER))
    wheel(folder, "nautobot", "3.2.7", files=files)
    for name, text in MODULES.items():
        wheel(folder, name, "1.0", files=((f"{name}.py", text),))
    return folder


@pytest.fixture
def look(index, tmp_path, monkeypatch):
    """Resolve, build and start; the work directory is watched by whoever wants to."""
    monkeypatch.setenv("PLANTED_SECRET", "planted")
    config = tmp_path / "live" / "nautobot_config.py"
    config.parent.mkdir()
    config.write_text(CONFIG)

    def run(without=(), text=CONFIG, meanwhile=lambda: None, config=config, **limits):
        monkeypatch.setattr(inside, "build", lambda *on, **by: meanwhile() or build(*on, **by))
        Path(config).write_text(text)
        names = [name for name in MODULES if name not in without]
        packages = (
            CORE,
            *(replace(CORE, name=name, version="1.0", requires=()) for name in MODULES),
        )
        own = app(module="nautobot_upgrade_jobs", distribution="")
        enabled = Apps((own, *(app(module=one, distribution=one) for one in MODULES)), ())
        wishes = RootRequirements(Packages(packages), enabled, "3.11.7")
        resolution = resolve(wishes, "3.2.7", seconds=30, wheel_directory=str(index))
        resolution = replace(resolution, excluded=tuple(without))
        assert {"nautobot", *names} <= {one.name for one in resolution.packages}
        live = LiveInstallation(str(config), enabled, "default", 5)
        own = {
            "build_seconds": 30,
            "boot_seconds": 30,
            "max_megabytes": 50,
            "work_directory": str(tmp_path / "work"),
            "wheel_directory": str(index),
        }
        return inspect(resolution, wishes, live, BuildLimits(**own | limits))

    yield run
    assert [one.name for one in config.parent.iterdir()] == [config.name], "bytecode beside it"
    assert not list((tmp_path / "work").glob(f"{PREFIX}*")), "the scratch folder stays"


def test_every_app_that_refuses_is_found_and_left_out(look):
    found = look()
    assert [one.module for one in found.app_load_failures] == ["old", "broken"]
    refused, removed = (one.failure for one in found.app_load_failures)
    assert (refused.stage, refused.message) == (
        "configuration",
        "old requires another Nautobot",
    )
    assert (removed.error, removed.frames[-1].line) == ("ImportError", 3)
    assert removed.frames[-1].file.endswith("site-packages/broken.py")
    assert removed.frames[-1].file.startswith("lib/python3")
    assert found.failure.stage == "apps"
    assert "No module named" in found.failure.message


def test_what_the_set_is_without_is_not_tried(look):
    found = look(without=("old",))
    assert found.absent_apps == ("old",)
    assert [one.module for one in found.app_load_failures] == ["broken"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"{CONFIG}\nraise KeyError('NAPALM_USERNAME')\n", "KeyError"),
        (f"{CONFIG}\nfrom nautobot.core.settings import GONE\n", "ModuleNotFoundError"),
        ("import os\nthis is no Python\n", "SyntaxError"),
        (f"{CONFIG}\nraise SystemExit('no vault')\n", "SystemExit"),
    ],
)
def test_a_configuration_that_does_not_load_is_nobodys_fault_but_its_own(look, text, error):
    found = look(text=text)
    assert not found.app_load_failures
    assert (found.failure.stage, found.failure.error) == ("configuration", error)
    assert found.failure.frames[-1].file.endswith("live/nautobot_config.py")


def test_a_target_that_dies_says_its_last_words(look):
    text = f"{CONFIG}\nimport os, sys\nsys.stderr.write('out of memory')\nsys.stderr.flush()\n"
    found = look(text=f"{text}os._exit(9)\n")
    assert found == Unavailable(
        "the target could not be looked at: it died as it started: out of memory"
    )


def test_an_answer_is_taken_though_something_goes_on_in_the_background(look):
    text = (
        f"{CONFIG}\nimport subprocess, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "subprocess.Popen(['sleep', '60'])\n"
    )
    began = time.monotonic()
    assert look(text=text).failure.stage == "apps"
    assert time.monotonic() - began < 30


def test_an_app_that_only_fails_to_write_is_not_judged(look, index):
    text = "raise RuntimeError('cannot execute INSERT in a read-only transaction')\n"
    wheel(index, "old", "1.0", files=(("old.py", text),))
    writes, removed = look().app_load_failures
    assert (writes.module, writes.conclusive) == ("old", False)
    assert removed.conclusive


def test_a_configuration_by_a_relative_path_in_the_working_directory(look, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "live")
    (tmp_path / "secrets.env").write_text("x")
    found = look(text=f"open('../secrets.env').close()\n{CONFIG}", config="nautobot_config.py")
    assert found.failure.stage == "apps"


@pytest.mark.parametrize("name", ["prometheus_multiproc_dir", "CELERY_BROKER_URL"])
def test_the_way_to_what_is_live_is_not_passed_on(look, monkeypatch, name):
    monkeypatch.setenv(name, "/live")
    found = look(text=f"{CONFIG}\nassert {name!r} not in os.environ, 'passed on'\n")
    assert found.failure.stage == "apps"


def test_an_environment_that_others_have_put_there_is_not_taken(look, tmp_path):
    """Without being told to keep environments, none is looked for."""
    look(keep_builds=1)
    (kept,) = (tmp_path / "work").glob("build-*")
    (kept / "bin" / "python").unlink()
    (kept / "bin" / "python").write_text("#!/bin/sh\nexit 9\n")
    assert look(keep_builds=0).failure.stage == "apps"


def test_a_target_that_hangs_is_ended_with_its_children(look, tmp_path):
    mark = tmp_path / "alive"
    text = (
        f"{CONFIG}\nimport subprocess, time\n"
        f"subprocess.Popen(['sh', '-c', 'sleep 4; touch {mark}'])\ntime.sleep(60)\n"
    )
    began = time.monotonic()
    found = look(text=text, boot_seconds=2)
    assert "boot_timeout_seconds" in found.reason
    time.sleep(max(0, 6 - (time.monotonic() - began)))
    assert not mark.exists()


def test_an_environment_that_grows_too_large_is_not_built(look):
    found = look(max_megabytes=-1, build_seconds=20)
    assert "build_megabytes" in found.reason


def test_a_build_that_takes_too_long_is_ended(look):
    assert "build_timeout_seconds" in look(build_seconds=0).reason


def test_a_wheel_that_is_another_one_is_not_installed(look, index):
    """Somebody puts other files in the place of those that were resolved."""

    def tamper():
        shutil.rmtree(os.environ["UV_CACHE_DIR"])  # has what was resolved
        wheel(index, "good", "1.0", files=(("good.py", "import antigravity\n"),))

    assert "Hash mismatch for `good==1.0`" in look(meanwhile=tamper).reason


def test_a_broken_wheel_is_told(look, index):
    def cut():
        shutil.rmtree(os.environ["UV_CACHE_DIR"])
        (path,) = index.glob("good-*.whl")
        path.write_bytes(path.read_bytes()[:100])

    reason = look(meanwhile=cut).reason
    assert "could not be built" in reason
    assert "good" in reason


def test_an_installer_that_is_killed_is_told(look):
    """Here, because a file grows larger than a process may write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        reason = look(
            meanwhile=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
        ).reason
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert reason == "the target could not be built: uv was ended by SIGXFSZ"


def test_an_environment_that_is_kept_is_taken_again(look, tmp_path):
    look(keep_builds=1)
    (first,) = (tmp_path / "work").glob("build-*")
    made = first.stat().st_ino
    look(keep_builds=1)
    (again,) = (tmp_path / "work").glob("build-*")
    assert again.stat().st_ino == made


def test_only_so_many_are_kept(look, tmp_path, index):
    look(keep_builds=1)
    (first,) = (tmp_path / "work").glob("build-*")
    wheel(index, "good", "1.1", files=(("good.py", MODULES["good"]),))
    look(keep_builds=1)
    assert first.exists()  # another run may have it in use
    os.utime(first / "complete", (0, 0))
    wheel(index, "good", "1.2", files=(("good.py", MODULES["good"]),))
    look(keep_builds=1)
    assert not first.exists()


def test_what_a_secret_is_in_the_environment_is_passed_on_and_not_kept(look, tmp_path):
    look(keep_builds=1)
    for root, _, names in os.walk(tmp_path / "work"):
        for name in names:
            with open(os.path.join(root, name), "rb") as file:
                assert b"planted" not in file.read()
