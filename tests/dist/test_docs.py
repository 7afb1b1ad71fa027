"""Every shell command in README and documentation runs on a host without a checkout."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from development.instance import TOKEN
from development.rest import Rest
from development.venvs import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^( *)```shell\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
VERDICTS = (0, 2, 3)
NEWER = ("3.2.7", "apps")
"""The host of pages whose examples need Apps or an older target."""
HOSTS = {"docs/user/rollback.md": NEWER, "docs/user/verify.md": NEWER}
OLDER = ("2.4.44", "")
LAST = ("pip install --require-hashes", "pip uninstall")
"""Commands that change the host: they run last, in this order."""
ELSEWHERE = {"make demo": "takes five minutes", "make test": "runs in CI"}
JOBS = {"docs/user/preflight.md": "Preflight", "docs/user/snapshot.md": "Compare Snapshots"}
"""The Job of $JOB_ID on each page."""


BACKUP = (
    'pg_dump --format custom --host "$NAUTOBOT_DB_HOST" --port "$NAUTOBOT_DB_PORT"'
    ' --username "$NAUTOBOT_DB_USER" --file before-upgrade.postgresql "$NAUTOBOT_DB_NAME"'
)


@dataclass(frozen=True)
class Command:
    page: str
    line: str

    def __str__(self):
        return f"{Path(self.page).stem}: {self.line}"


def commands_of(text, page="page"):
    for _, block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if bare := re.sub(r"\s+#\s.*", "", " ".join(line.split())):
                yield Command(page, bare)


BY_HOST = {
    (command.line, HOSTS.get(command.page)): command
    for page in PAGES
    for command in commands_of(page.read_text(), str(page.relative_to(REPOSITORY)))
}
"""A command that several pages contain runs once on each host."""
COMMANDS = sorted(
    BY_HOST.values(), key=lambda one: [one.line.startswith(begin) for begin in reversed(LAST)]
)


def test_shorten_leaves_a_command_without_a_format_unchanged():
    lines = [command.line for command in COMMANDS if "preflight --target" in command.line]
    shortened = [line for line in lines if shorten(line) != line]
    assert 0 < len(shortened) < len(lines)


def test_commands_of_finds_shell_commands():
    text = (
        "```shell\na --b \\\n  c   # why\n\n```\n\n1. x\n\n"
        "    ```shell\n    d\n    ```\n```text\ne\n```\n"
    )
    assert [one.line for one in commands_of(text)] == ["a --b c", "d"]
    assert len(COMMANDS) > 30


@pytest.fixture(scope="session")
def furnished(host):
    """Return a function that builds a host with the files that the documentation mentions."""
    done = {}

    def find(version, kind):
        one = host(version, kind)
        if (version, kind) not in done:
            for folder in ("snapshots", "later"):
                one.must(f"nautobot-server upgrade_jobs snapshot --output {folder}")
            (made,), (later,) = ((one.work / name).iterdir() for name in ("snapshots", "later"))
            for name in ("before", "snapshot-from-before"):
                shutil.copy(made, one.work / f"{name}.json.gz")
            for name in ("after", "snapshot-of-now"):
                shutil.copy(later, one.work / f"{name}.json.gz")
            one.must(BACKUP)
            done[version, kind] = made
        return one, done[version, kind]

    return find


def shorten(line):
    """Leave out the build of the target, if another command differs in the format or backup only.

    Each build takes a minute.
    """
    return re.sub(r"preflight (?=--target .*--(?:format|backup))", "preflight --no-build ", line)


def localize(line, one, snapshot):
    """Replace the paths of the documentation by those of this host."""
    places = {
        "/tmp/snapshots/snapshot-….json.gz": snapshot,
        "/opt/nautobot/nautobot_config.py": one.folder / "root" / "nautobot_config.py",
        "/opt/nautobot/bin/python": one.venv / "bin" / "python",
        "postgresql://reader@db.example:5432/nautobot": "postgresql://{}@{}:{}/{}".format(
            *(one.env[f"NAUTOBOT_DB_{name}"] for name in ("USER", "HOST", "PORT", "NAME"))
        ),
        "/tmp": one.work,
    }
    return re.sub("|".join(map(re.escape, places)), lambda found: str(places[found[0]]), line)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_documented_command_works(command, furnished, tree):
    if command.line in ELSEWHERE:
        assert f"\n{command.line.split()[1]}:" in (REPOSITORY / "Makefile").read_text()
        return
    one, snapshot = furnished(*HOSTS.get(command.page, OLDER))
    rest = Rest(one.instance.url, TOKEN)
    more = {}
    if "$JOB_ID" in command.line:
        more["JOB_ID"] = job_id(rest, JOBS[command.page])
    if "--require-hashes" in command.line:
        one.shell("nautobot-server upgrade_jobs preflight --no-build --target 3.2.7 --output .")
    if "$JOBS_ROOT" in command.line:
        more["JOBS_ROOT"] = str(one.work / "jobs_root")
    folder = tree if command.line.startswith("cp ") else one.work
    done = one.shell(localize(shorten(command.line), one, snapshot), folder, **more)
    output = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    expected = VERDICTS if re.search("upgrade[_-]jobs ", command.line) else (0,)
    assert done.returncode in expected, output
    assert "Traceback" not in output
    if command.line.startswith("curl"):
        answer = json.loads(done.stdout)
        assert "detail" not in answer, answer
        if "job_result" in answer:
            for _ in rest.follow_job(answer["job_result"]["id"]):
                pass


def job_id(rest, name):
    """Enable a Job and return its id."""
    (job,) = rest.all(f"/api/extras/jobs/?name={name.replace(' ', '%20')}&grouping=Upgrade")
    rest.fetch(f"/api/extras/jobs/{job['id']}/", {"enabled": True}, "PATCH")
    return job["id"]


RUNS = "/api/extras/job-results/?name=Preflight"
EXAMPLES = REPOSITORY / "docs" / "examples"


@pytest.mark.parametrize(
    ("version", "program", "example"),
    [("2.4.44", "python", "gate.py"), ("3.2.7", "ansible-playbook", "gate.yml")],
)
def test_example_waits_for_the_verdict(version, program, example, host, tmp_path):
    one = host(version)
    rest = Rest(one.instance.url, TOKEN)
    job_id(rest, "Preflight")
    before = {run["id"] for run in rest.all(RUNS)}
    env = {**one.env, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [shutil.which(program), EXAMPLES / example],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,  # The examples wait half an hour for a worker that is dead.
    )
    verdict = re.search(r"\b(go|caution|blocked|incomplete|up_to_date)\b", done.stdout)[0]
    # Other tests may have runs at the same time.
    made = [one for one in rest.all(RUNS) if one["id"] not in before]
    assert verdict in [(one["result"] or {}).get("verdict") for one in made]
    assert (done.returncode == 0) is (verdict in ("go", "caution", "up_to_date"))
