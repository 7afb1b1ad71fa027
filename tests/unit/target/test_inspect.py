"""Building a set of tiny wheels and starting it, with Apps that fail to load."""

import os
import resource
import shutil
import time

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from tests.support.tiny_target import CONFIG, FAILING_APPS_CONFIG, MODULES
from tests.support.wheels import wheel


def test_inspect_apps_that_fail_to_load_are_reported_and_left_out(boot):
    result = boot(text=FAILING_APPS_CONFIG)
    assert [one.module for one in result.app_load_failures] == ["old", "broken"]
    refused, removed = (one.failure for one in result.app_load_failures)
    assert (refused.stage, refused.message) == (
        "configuration",
        "old requires another Nautobot",
    )
    assert (removed.error, removed.frames[-1].line) == ("ImportError", 3)
    assert removed.frames[-1].file.endswith("site-packages/broken.py")
    assert removed.frames[-1].file.startswith("lib/python3")
    assert result.failure.stage == "apps"
    assert "No module named" in result.failure.message


def test_inspect_excluded_app_is_absent_and_not_started(boot):
    result = boot(text=FAILING_APPS_CONFIG, without=("old",))
    assert result.absent_apps == ("old",)
    assert [one.module for one in result.app_load_failures] == ["broken"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"{CONFIG}\nraise KeyError('NAPALM_USERNAME')\n", "KeyError"),
        (f"{CONFIG}\nfrom nautobot.core.settings import GONE\n", "ModuleNotFoundError"),
        ("import os\nthis is no Python\n", "SyntaxError"),
        (f"{CONFIG}\nraise SystemExit('no vault')\n", "SystemExit"),
    ],
)
def test_inspect_broken_configuration_blames_no_app(boot, text, error):
    result = boot(text=text)
    assert not result.app_load_failures
    assert (result.failure.stage, result.failure.error) == ("configuration", error)
    assert result.failure.frames[-1].file.endswith("live/nautobot_config.py")


def test_inspect_dying_target_reports_its_last_output(boot):
    text = f"{CONFIG}\nimport os, sys\nsys.stderr.write('out of memory')\nsys.stderr.flush()\n"
    result = boot(text=f"{text}os._exit(9)\n")
    assert result == Unavailable(
        "the target could not be started: its process ended during the start: out of memory"
    )


def test_inspect_background_processes_do_not_delay_the_result(boot):
    text = (
        f"{CONFIG}\nimport subprocess, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "subprocess.Popen(['sleep', '60'])\n"
    )
    started = time.monotonic()
    assert boot(text=text).failure.stage == "apps"
    assert time.monotonic() - started < 30


def test_inspect_app_that_fails_to_write_is_inconclusive(boot, own_index):
    text = "raise RuntimeError('cannot execute INSERT in a read-only transaction')\n"
    wheel(own_index, "old", "1.0", files=(("old.py", text),))
    writes, removed = boot(text=FAILING_APPS_CONFIG).app_load_failures
    assert (writes.module, writes.conclusive) == ("old", False)
    assert removed.conclusive


def test_inspect_relative_configuration_path_is_loaded(boot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "live")
    (tmp_path / "secrets.env").write_text("x")
    result = boot(text=f"open('../secrets.env').close()\n{CONFIG}", config="nautobot_config.py")
    assert result.failure.stage == "apps"


@pytest.mark.parametrize("name", ["prometheus_multiproc_dir", "CELERY_BROKER_URL"])
def test_inspect_variables_of_live_services_are_withheld(boot, monkeypatch, name):
    monkeypatch.setenv(name, "/live")
    result = boot(text=f"{CONFIG}\nassert {name!r} not in os.environ, 'passed on'\n")
    assert result.failure.stage == "apps"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("redis://:broker-password@redis:6379/0", "redis://:xxxxxxxxxxxxxxx@redis:6379/0"),
        ("database-password", "database-password"),  # Without a relay the target needs it.
        ("another", "another"),
    ],
)
def test_inspect_passwords_of_unused_services_are_replaced(boot, monkeypatch, value, expected):
    monkeypatch.setenv("PLANTED_VALUE", value)
    result = boot(text=f"{CONFIG}\nassert os.environ['PLANTED_VALUE'] == {expected!r}\n")
    assert result.failure.stage == "apps"


def test_inspect_without_keep_builds_kept_environment_is_not_used(boot, tmp_path):
    boot(keep_builds=1)
    (kept,) = (tmp_path / "work").glob("build-*")
    (kept / "bin" / "python").unlink()
    (kept / "bin" / "python").write_text("#!/bin/sh\nexit 9\n")
    assert boot(keep_builds=0).failure.stage == "apps"


def test_inspect_without_a_work_directory_keeps_builds_in_the_cache_of_the_user(
    boot, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "nautobot-upgrade-jobs" / "builds"
    boot(keep_builds=0, work_directory="")
    assert not folder.exists()
    boot(keep_builds=1, work_directory="")
    assert len(list(folder.iterdir())) == 1
    boot(keep_builds=1, work_directory="", text=f"{CONFIG}\n# another run")
    assert len(list(folder.iterdir())) == 1


def test_inspect_kept_environment_keeps_its_bytecode(boot, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def compiled():
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("work/build-*/**/*.pyc")}

    boot(keep_builds=1)
    before = compiled()
    assert any(path.name.startswith("good.") for path in before)
    boot(keep_builds=1)
    assert compiled() == before


def test_inspect_hanging_target_is_killed_with_its_children(boot, tmp_path):
    mark = tmp_path / "alive"
    text = (
        f"{CONFIG}\nimport subprocess, time\n"
        f"subprocess.Popen(['sh', '-c', 'sleep 2; touch {mark}'])\ntime.sleep(60)\n"
    )
    began = time.monotonic()
    result = boot(text=text, boot_seconds=1)
    assert "boot_timeout_seconds" in result.reason
    time.sleep(max(0, 3 - (time.monotonic() - began)))
    assert not mark.exists()


def test_inspect_environment_over_size_limit_is_not_built(boot):
    result = boot(max_megabytes=-1, build_seconds=20)
    assert "build_megabytes" in result.reason


def test_inspect_build_over_time_limit_is_stopped(boot):
    assert "build_timeout_seconds" in boot(build_seconds=0).reason


def test_inspect_replaced_wheel_fails_hash_check(boot, own_index):
    """The file changes between resolving and building."""

    def tamper():
        shutil.rmtree(os.environ["UV_CACHE_DIR"])  # has what was resolved
        wheel(own_index, "good", "1.0", files=(("good.py", "import antigravity\n"),))

    assert "Hash mismatch for `good==1.0`" in boot(before_build=tamper).reason


def test_inspect_broken_wheel_is_named(boot, own_index):
    def cut():
        shutil.rmtree(os.environ["UV_CACHE_DIR"])
        (path,) = own_index.glob("good-*.whl")
        path.write_bytes(path.read_bytes()[:100])

    reason = boot(before_build=cut).reason
    assert "could not be built" in reason
    assert "good" in reason


def test_inspect_killed_installer_is_reported(boot):
    """The kernel kills it because a file grows over the limit of the process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        reason = boot(
            before_build=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
        ).reason
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert reason == "the target could not be built: uv was killed by SIGXFSZ"


def test_inspect_kept_environment_is_reused(boot, tmp_path):
    boot(keep_builds=1)
    (first,) = (tmp_path / "work").glob("build-*")
    made = first.stat().st_ino
    boot(keep_builds=1)
    (again,) = (tmp_path / "work").glob("build-*")
    assert again.stat().st_ino == made


def test_inspect_oldest_kept_environment_is_removed(boot, tmp_path, own_index):
    boot(keep_builds=1)
    (first,) = (tmp_path / "work").glob("build-*")
    wheel(own_index, "good", "1.1", files=(("good.py", MODULES["good"]),))
    boot(keep_builds=1)
    assert first.exists()  # another run may have it in use
    os.utime(first / "complete", (0, 0))
    wheel(own_index, "good", "1.2", files=(("good.py", MODULES["good"]),))
    boot(keep_builds=1)
    assert not first.exists()


def test_inspect_secret_variable_is_not_written_to_disk(boot, tmp_path):
    boot(keep_builds=1)
    for root, _, names in os.walk(tmp_path / "work"):
        for name in names:
            with open(os.path.join(root, name), "rb") as file:
                assert b"planted" not in file.read()
