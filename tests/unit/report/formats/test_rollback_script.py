"""Rollback scripts run by bash with a nautobot-server that prints a given state."""

import os
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.report.formats import rollback_script as script
from nautobot_upgrade_jobs.runbook.rollback import rollback_steps
from nautobot_upgrade_jobs.runbook.steps import Step
from tests.support.builders import database, runtime
from tests.support.report_samples import BACK, HOSTILE, ROLLBACK

READY = replace(ROLLBACK, verdict=Verdict.CAUTION)


HERE = READY.database_state


@pytest.fixture
def go(tmp_path):
    """Write the script of some steps into a folder and run it; returns exit code and output."""
    programs = tmp_path / "programs"
    programs.mkdir()

    def run(*steps, state=HERE, words=("--yes",), answer="", report=READY, **environment):
        server = programs / "nautobot-server"
        server.write_text(f"#!/bin/sh\necho starting\ncat <<'END'\n{state}\nEND\n")
        server.chmod(0o755)
        path = tmp_path / "rollback.sh"
        path.write_text(script.render(replace(report, steps=steps)), encoding="utf-8")
        done = subprocess.run(
            ["bash", path, *words],
            input=answer,
            env={"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return run


def step(*commands, verify="", irreversible=False, title="A step"):
    return Step(title, "", commands, verify, irreversible=irreversible)


ONE, TWO = step("echo one >>trace"), step("echo two >>trace")


def trace(tmp_path):
    path = tmp_path / "trace"
    return path.read_text().split() if path.exists() else []


def test_script_runs_every_step_in_order(go, tmp_path):
    code, output = go(ONE, TWO)
    assert (code, trace(tmp_path)) == (0, ["one", "two"])
    assert output.rstrip().endswith("All steps are complete.")
    assert "Step 2: A step" in (tmp_path / "rollback.sh.log").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--yes",), 1), (("--yes", "--although-blocked"), 0), (("--although-blocked",), 0)],
)
def test_script_blocked_plan_needs_although_blocked(go, tmp_path, words, code):
    ended, output = go(ONE, report=ROLLBACK, words=words)
    assert (ended, trace(tmp_path)) == (code, ["one"] * (not code))
    assert ("this plan is BLOCKED" in output) is bool(code)


@pytest.mark.parametrize(
    ("reached", "code"), [(("postgres",), 0), ((), 1), (("postgres", "nautobot_upgraded"), 1)]
)
def test_script_restore_needs_a_database_that_can_be_renamed(go, tmp_path, reached, code):
    first, *_ = rollback_steps("restore_backup", BACK)
    (folder,) = tmp_path.iterdir()
    psql = folder / "psql"
    psql.write_text(
        f"#!/bin/sh\ncase ' {' '.join(reached)} ' in *\" ${{1#*=}} \"*) ;; *) exit 2;; esac\n"
    )
    psql.chmod(0o755)
    looks = step(*(one for one in first.commands if "psql" in one))
    ended, output = go(looks, TWO)
    assert (ended, trace(tmp_path)) == (code, ["two"] * (not code))
    assert ("nautobot_upgraded exists from an earlier rollback" in output) is (
        "nautobot_upgraded" in reached
    )


def test_script_unknown_option_is_refused(go, tmp_path):
    code, output = go(ONE, words=("--force",))
    assert (code, trace(tmp_path)) == (1, [])
    assert "unknown: --force; known: --yes" in output


def test_script_finished_steps_are_not_run_again(go, tmp_path):
    go(ONE, TWO)
    code, output = go(ONE, TWO, state="whatever it is by now")
    assert (code, trace(tmp_path)) == (0, ["one", "two"])
    assert "Step 1 is finished" in output


@pytest.mark.parametrize(
    "failing",
    [
        step("false"),
        step("false", "echo after >>trace"),
        step("true | false"),
        step("command-that-does-not-exist"),
        step("true", verify="false"),
        step('echo "$NOT_SET" >>trace'),
    ],
)
def test_script_stops_at_first_failure_and_resumes_there(go, tmp_path, failing):
    code, output = go(ONE, failing, TWO)
    assert code != 0
    assert trace(tmp_path) in (["one"], [])  # a variable that is not set is found before
    if "NOT_SET" not in output:
        assert "STOPPED: step 2" in output
        code, output = go(ONE, step("echo fixed >>trace"), TWO)
        assert (code, trace(tmp_path)) == (0, ["one", "fixed", "two"])


STOP = replace(step("echo stop >>trace", title="Stop"), role="stop")
DUMP = replace(step("echo dump >>trace", title="Dump"), role="preparation")
DROP = step("echo drop >>trace", irreversible=True, title="Drop")
START = replace(step("echo start >>trace", title="Start"), role="start")
FAILS = step("false")


def test_script_repeats_stop_and_dump_until_the_first_change(go, tmp_path):
    """Users have worked since, and their changes are not in the first dump."""
    assert go(STOP, DUMP, DROP, words=(), answer="no\n")[0] == 1
    assert go(STOP, DUMP, DROP, START)[0] == 0
    assert trace(tmp_path) == ["stop", "dump", "stop", "dump", "drop", "start"]


def test_script_refuses_to_resume_before_the_first_change_if_the_state_differs(go, tmp_path):
    assert go(STOP, DUMP, DROP, words=(), answer="no\n")[0] == 1
    code, output = go(STOP, DUMP, DROP, START, state="5 changes more")
    assert (code, trace(tmp_path)) == (1, ["stop", "dump"])
    assert "the database is not in the state of this plan" in output


def test_script_refuses_a_state_that_changes_until_the_services_are_stopped(go, tmp_path):
    """The services still ran when the script began."""
    server = tmp_path / "programs" / "nautobot-server"
    last_write = step(f"printf '#!/bin/sh\\necho 1 change more\\n' >{server}")
    code, output = go(replace(last_write, role="stop"), DUMP, DROP)
    assert (code, trace(tmp_path)) == (1, ["dump"])
    assert "current: 1 change more" in output


def test_script_after_the_first_change_stops_the_services_again_but_keeps_the_dump(go, tmp_path):
    assert go(STOP, DUMP, DROP, FAILS, START)[0] == 1
    assert go(STOP, DUMP, DROP, ONE, START, state="other")[0] == 0
    assert trace(tmp_path) == ["stop", "dump", "drop", "stop", "one", "start"]


def test_script_that_has_started_the_services_does_not_stop_them(go, tmp_path):
    assert go(STOP, DUMP, DROP, START, FAILS)[0] == 1
    assert go(STOP, DUMP, DROP, START, ONE, state="other")[0] == 0
    assert trace(tmp_path) == ["stop", "dump", "drop", "start", "one"]


def test_script_of_a_later_plan_begins_again(go, tmp_path):
    assert go(STOP, DUMP, DROP, START)[0] == 0
    later = replace(READY, created=READY.created + timedelta(days=1))
    assert go(STOP, DUMP, DROP, START, report=later)[0] == 0
    assert trace(tmp_path) == ["stop", "dump", "drop", "start"] * 2


@pytest.mark.parametrize("state", ["", "postgresql other: 0123456789abcdef, 7 changes", f"{HERE}1"])
def test_script_other_database_state_is_refused(go, tmp_path, state):
    code, output = go(ONE, state=state)
    assert (code, trace(tmp_path)) == (1, [])
    assert "the database is not in the state of this plan" in output


@pytest.mark.parametrize(
    ("words", "answer", "code", "traced"),
    [
        ((), "yes\n", 0, ["one", "two"]),
        ((), "no\n", 1, ["one"]),
        ((), "\n", 1, ["one"]),
        ((), "", 1, ["one"]),
        (("--yes",), "", 0, ["one", "two"]),
    ],
)
def test_script_irreversible_step_needs_confirmation(go, tmp_path, words, answer, code, traced):
    final = replace(TWO, irreversible=True)
    ended, output = go(ONE, final, words=words, answer=answer)
    assert (ended, trace(tmp_path)) == (code, traced)
    assert ("STOPPED: not confirmed" in output) is bool(code)


def test_script_sentence_as_verification_is_not_run(go, tmp_path):
    assert go(replace(step("echo one >>trace"), expected="Check the result."))[0] == 0


def test_script_hostile_title_is_not_run(go, tmp_path):
    assert go(step("true", title=f"{HOSTILE} $(touch oops) `touch oops` '; touch oops; '"))[0] == 0
    assert not (tmp_path / "oops").exists()


def test_script_hostile_database_state_is_not_run(go, tmp_path):
    state = "postgresql '; touch oops; ' $(touch oops): 01, 7 changes"
    report = replace(READY, database_state=state, instance="x\ntouch oops", current="$(touch oops)")
    assert go(ONE, state=state, report=report)[0] == 0
    assert not (tmp_path / "oops").exists()


@pytest.mark.parametrize("vendor", ["postgresql", "mysql"])
@pytest.mark.parametrize("way", ["reinstall", "reverse_migrations", "restore_backup"])
def test_script_hostile_database_name_is_not_run(go, tmp_path, vendor, way):
    """Every command is replaced by one that writes down its arguments, and nothing else happens."""
    name = "nautobot\"; touch oops; '$(touch oops)`touch oops`"
    programs = tmp_path / "programs"
    for program in ("psql", "createdb", "pg_restore", "pg_dump", "mysql", "mysqldump", "tar"):
        (programs / program).write_text('#!/bin/sh\nprintf "<%s>" "$@" >>arguments\n')
        (programs / program).chmod(0o755)
    here = replace(BACK, database=database(vendor=vendor, name=name), runtime=runtime())
    titles = ("database", "current state", "into it")
    kept = [one for one in rollback_steps(way, here) if any(word in one.title for word in titles)]
    for file in ("before-upgrade.mysql", "before-upgrade.postgresql"):
        (tmp_path / file).touch()
    code, output = go(*(replace(one, verify="") for one in kept), NAUTOBOT_ROOT="/nowhere")
    assert code == 0, output
    assert not (tmp_path / "oops").exists()
    assert f"<{name}>" in (tmp_path / "arguments").read_text()
