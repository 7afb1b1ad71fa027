"""Scripts run by bash with a nautobot-server that prints a given state."""

import os
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.report.formats import script
from nautobot_upgrade_jobs.runbook.rollback import plan_rollback_steps
from nautobot_upgrade_jobs.runbook.steps import Runbook, Step
from tests.support.builders import database, runtime
from tests.support.report_samples import BACK, HOSTILE, ROLLBACK

RUNBOOK = Runbook(state_command="nautobot-server upgrade_jobs state")
PLANNED = replace(ROLLBACK, runbook=RUNBOOK)
READY = replace(PLANNED, verdict=Verdict.CAUTION)
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
        path.write_text(
            script.render(replace(report, runbook=replace(report.runbook, steps=steps))),
            encoding="utf-8",
        )
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
    ended, output = go(ONE, report=PLANNED, words=words)
    assert (ended, trace(tmp_path)) == (code, ["one"] * (not code))
    assert ("this plan is BLOCKED" in output) is bool(code)


@pytest.mark.parametrize(
    ("reached", "code"), [(("postgres",), 0), ((), 1), (("postgres", "nautobot_upgraded"), 1)]
)
def test_script_restore_needs_a_database_that_can_be_renamed(go, tmp_path, reached, code):
    first, *_ = plan_rollback_steps("restore_backup", BACK).steps
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
    assert "unknown: --force; known: --dry-run" in output


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


@pytest.mark.parametrize(
    "state",
    [
        "",
        "postgresql other: 0123456789abcdef, 7 changes",
        HERE.replace(", 7", ", 71"),
        HERE.replace("cdef", "cdee"),
    ],
)
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
    kept = [
        one
        for one in plan_rollback_steps(way, here).steps
        if any(word in one.title for word in titles)
    ]
    for file in ("before-upgrade.mysql", "before-upgrade.postgresql"):
        (tmp_path / file).touch()
    code, output = go(*(replace(one, verify="") for one in kept), NAUTOBOT_ROOT="/nowhere")
    assert code == 0, output
    assert not (tmp_path / "oops").exists()
    assert f"<{name}>" in (tmp_path / "arguments").read_text()


def test_script_dry_run_prints_all_commands_and_runs_none(go, tmp_path):
    code, output = go(STOP, ONE, replace(TWO, irreversible=True), words=("--dry-run",), state="")
    assert (code, trace(tmp_path)) == (0, [])
    assert [line.strip() for line in output.splitlines() if "trace" in line] == [
        *("echo stop >> trace", "echo one >> trace", "echo two >> trace")
    ]
    assert not list(tmp_path.glob("*.finished"))


@pytest.mark.parametrize(
    ("words", "traced"),
    [
        (("--from", "2"), ["two", "one"]),
        (("--until", "2"), ["one", "two"]),
        (("--from", "2", "--until", "2"), ["two"]),
        (("--from", "3"), ["one"]),
        (("--until", "3"), ["one", "two", "one"]),
    ],
)
def test_script_runs_a_part_of_the_steps(go, tmp_path, words, traced):
    code, output = go(ONE, TWO, ONE, words=("--yes", *words))
    assert (code, trace(tmp_path)) == (0, traced)
    assert ("left out" in output) is (words[0] == "--from")


GATE = Step("Gate", "", ("echo gate >>trace", "test ! -e closed"), role="gate")


@pytest.mark.parametrize(
    ("words", "traced"),
    [
        pytest.param((), ["one", "gate", "two"], id="whole"),
        pytest.param(("--from", "2"), ["gate", "two"], id="from the gate"),
        pytest.param(("--from", "3"), ["gate", "two"], id="from the step after it"),
        pytest.param(("--from", "4"), [], id="from a later step"),
        pytest.param(("--until", "1"), ["one"], id="until before it"),
    ],
)
def test_script_gate_is_not_left_out_with_the_step_before_it(go, tmp_path, words, traced):
    code, _ = go(ONE, GATE, TWO, step(":"), words=("--yes", *words))
    assert (code, trace(tmp_path)) == (0, traced)


def test_script_gate_stops_the_step_after_it_and_runs_again(go, tmp_path):
    (tmp_path / "closed").touch()
    assert go(ONE, GATE, TWO)[0] == 1
    assert trace(tmp_path) == ["one", "gate"]
    (tmp_path / "closed").unlink()
    assert go(ONE, GATE, TWO)[0] == 0
    assert go(ONE, GATE, TWO)[0] == 0
    assert trace(tmp_path) == ["one", "gate", "gate", "two"]


BY_HAND = Step("Restore", "Restore the backup F1; 'quoted'", (), "test -e restored", by_hand=True)


@pytest.mark.parametrize(
    ("answer", "is_restored", "code"),
    [("done\n", True, 0), ("done\n", False, 1), ("no\n", True, 1), ("", True, 1)],
)
def test_script_waits_for_a_step_by_hand_and_verifies_it(go, tmp_path, answer, is_restored, code):
    if is_restored:
        (tmp_path / "restored").touch()
    ended, output = go(BY_HAND, ONE, answer=answer)
    assert (ended, trace(tmp_path)) == (code, ["one"] * (not code))
    assert "By hand: Restore the backup F1; 'quoted'" in output


def test_script_stopped_on_purpose_resumes_there(go, tmp_path):
    assert go(ONE, TWO, words=("--until", "1"))[0] == 0
    assert go(ONE, TWO, state="other")[0] == 0
    assert trace(tmp_path) == ["one", "two"]


@pytest.mark.parametrize(
    "words", [("--from",), ("--from", "0"), ("--until", "3"), ("--until", "x"), ("--from", "1;ls")]
)
def test_script_step_that_does_not_exist_is_refused(go, tmp_path, words):
    code, output = go(ONE, TWO, words=words)
    assert (code, trace(tmp_path)) == (1, [])
    assert f"{words[0]} needs a step from 1 to 2" in output


@pytest.mark.parametrize(
    ("host", "code"), [(os.uname().nodename, 0), ("", 0), ("other", 1), ("$(touch oops)", 1)]
)
def test_script_of_another_host_is_refused(go, tmp_path, host, code):
    report = replace(READY, runbook=replace(RUNBOOK, host=host))
    assert go(ONE, report=report)[0] == code
    assert trace(tmp_path) == ["one"] * (not code)
    assert not (tmp_path / "oops").exists()


UPGRADE = replace(READY, kind="preflight")
NOW = datetime.now(timezone.utc)


@pytest.mark.parametrize(
    ("days", "words", "code"),
    [(0, (), 0), (6, (), 0), (8, (), 1), (8, ("--although-old",), 0), (400, (), 1)],
)
def test_script_of_an_old_preflight_is_refused(go, tmp_path, days, words, code):
    old = replace(UPGRADE, created=NOW - timedelta(days=days))
    ended, output = go(ONE, report=old, words=words)
    assert (ended, trace(tmp_path)) == (code, ["one"] * (not code))
    assert ("is older than 7 days" in output) is bool(code)


def test_script_that_has_begun_is_not_stopped_by_its_age(go, tmp_path):
    """A window that began in time is finished, not abandoned in the middle."""
    report = replace(UPGRADE, created=NOW - timedelta(days=8))
    assert go(ONE, FAILS, TWO, report=report, words=("--although-old",))[0] == 1
    assert go(ONE, ONE, TWO, report=report, state="other")[0] == 0
    assert trace(tmp_path) == ["one", "one", "two"]


def test_script_of_an_upgrade_allows_changes_of_data_since_preflight(go):
    """Users go on working between Preflight and the window."""
    report = replace(UPGRADE, created=NOW, database_state=HERE.partition(",")[0])
    assert go(ONE, report=report, state=HERE.replace("7 changes", "900 changes"))[0] == 0
