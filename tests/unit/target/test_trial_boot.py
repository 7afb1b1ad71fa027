"""Code of the target attacks the run that starts it."""

import json
import os
import time

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.target.isolation.sandbox import _probe_namespaces
from tests.support.tiny_target import CONFIG, FAILING_APPS_CONFIG

IN_WRITABLE_FOLDER = "import contextlib, os, pathlib\nos.chdir(f\"{os.environ['TMPDIR']}/..\")\n"
PRELUDE = f"{CONFIG}\n{IN_WRITABLE_FOLDER}"
DEEP = """
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
"""
CLOSED = """
os.makedirs("closed/inside")
open("closed/inside/file", "w").close()
os.chmod("closed", 0)
"""


@pytest.fixture
def namespaces(tmp_path):
    if reason := _probe_namespaces(tmp_path):
        pytest.skip(reason)


@pytest.mark.usefixtures("namespaces")
def test_boot_replaces_files_of_the_run_by_links_and_they_are_not_followed(boot, tmp_path):
    """The second start is without the App that failed."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    links = f"""
{IN_WRITABLE_FOLDER}
for folder in (".", "..", "../.."):
    for name in ("stderr", "nautobot_config.py", "start-1"):
        with contextlib.suppress(OSError):
            os.rename(f"{{folder}}/{{name}}", f"{{folder}}/old")
        with contextlib.suppress(OSError):
            os.symlink({str(victim)!r}, f"{{folder}}/{{name}}")
"""
    failures = boot(text=f"{FAILING_APPS_CONFIG}{links}").app_load_failures
    assert [each.module for each in failures] == ["old", "broken"]
    assert victim.read_text() == "kept"


@pytest.mark.usefixtures("namespaces")
def test_boot_cannot_change_the_environment_that_is_kept(boot, tmp_path):
    poison = """
import nautobot
site = pathlib.Path(nautobot.__file__).parents[1]
for path in (*site.rglob("*"), site, site.parents[2]):
    with contextlib.suppress(OSError):
        (path / "planted.py" if path.is_dir() else path).write_text("x = 1")
"""

    def contents():
        return {
            path: path.read_bytes()
            for path in tmp_path.glob("work/build-*/**/*")
            if path.is_file() and path.name != "complete"
        }

    boot(keep_builds=1)
    before = contents()
    assert any(path.suffix == ".pyc" for path in before)
    boot(keep_builds=1, text=f"{PRELUDE}{poison}")
    assert contents() == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 10**6,
        b'{"failure": 1, "culprit": "", "facts": {}}',
        b'{"failure": {"frames": [1]}, "culprit": "", "facts": {}}',
        b'{"failure": null, "culprit": "", "facts": {"tables": {"rows": "x"}}}',
        b'{"failure": null, "culprit": "", "facts": ' + b'{"a":' * 10**5,
        b"\xff\xfe",
        b"9" * 10**6,
    ],
)
def test_boot_writes_another_result_and_it_is_refused(boot, data):
    text = f"{PRELUDE}pathlib.Path('answer.json').write_bytes({data[:60]!r} + {data[60:]!r})\n"
    result = boot(text=f"{text}os._exit(0)\n")
    assert isinstance(result, Unavailable), result
    assert "its result has an unknown form" in result.reason


@pytest.mark.parametrize(
    "code",
    [
        "os.mkfifo('answer.json')",
        "os.symlink('/dev/zero', 'answer.json')",
        "os.symlink(__file__, 'answer.json')",
        "os.mkdir('answer.json')",
        "os.truncate(os.open('answer.json', os.O_CREAT | os.O_WRONLY), 1 << 40)",
    ],
)
def test_boot_writes_a_result_of_another_kind_and_nothing_waits(boot, code):
    started = time.monotonic()
    result = boot(text=f"{PRELUDE}{code}\nos._exit(0)\n")
    assert "its process ended during the start" in result.reason
    assert time.monotonic() - started < 30


def test_boot_blames_an_app_that_is_not_enabled_and_is_started_once(boot):
    failure = {"stage": "apps", "error": "E", "message": "m", "frames": []}
    failure |= {"distributions": {}, "app": ""}
    forged = json.dumps({"failure": failure, "culprit": "other", "facts": {}})
    result = boot(text=f"{PRELUDE}pathlib.Path('answer.json').write_text({forged!r})\nos._exit(0)")
    assert not isinstance(result, Unavailable), result
    assert (result.failure.stage, result.app_load_failures) == ("apps", ())


@pytest.mark.parametrize("code", [DEEP, CLOSED], ids=["deep", "closed"])
def test_boot_leaves_folders_that_are_hard_to_remove_and_none_remains(boot, code, tmp_path):
    boot(text=f"{PRELUDE}{code}", keep_builds=0)
    assert os.listdir(tmp_path / "work") == []


def test_boot_writes_much_to_standard_error_and_its_end_is_reported(boot):
    text = f"{PRELUDE}os.write(2, b'x' * (1 << 24) + b'\\nthe end')\nos._exit(1)\n"
    assert boot(text=text).reason.endswith("the end")
