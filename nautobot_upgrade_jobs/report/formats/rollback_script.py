"""The rollback steps as a shell script.

The script asks for confirmation, verifies each step, and can be resumed after a failure.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator

from ...checks.findings import Verdict
from ...runbook.steps import Step
from ..model import Report
from .markdown import escape

VARIABLE = re.compile(r"\$(\w+)")
SCRIPT_HEADER = """\
set -euo pipefail
cd "$(dirname "${{BASH_SOURCE[0]}}")"
planned_for={state}
finished="${{BASH_SOURCE[0]##*/}}.{plan}.finished"
log="${{BASH_SOURCE[0]##*/}}.log"
confirmed=no although_blocked=no
for word in "$@"; do
    case "$word" in
    --yes) confirmed=yes ;;
    --although-blocked) although_blocked=yes ;;
    *) echo "unknown: $word; known: --yes, --although-blocked" >&2; exit 1 ;;
    esac
done

say() {{ printf '%s  %s\\n' "$(date -u +%FT%TZ)" "$*" | tee -a "$log"; }}
fail() {{
    say "STOPPED: $*"
    say "Fix the cause and run this script again. It resumes at the failed step."
    exit 1
}}
has() {{ grep --quiet --line-regexp --fixed-strings "$1" "$finished" 2>/dev/null; }}
check_state() {{
    local state
    state=$({state_command} | tail -n 1)
    [ "$state" = "$planned_for" ] || fail "the database is not in the state of this plan. \
Planned for: $planned_for; current: $state. Plan again."
}}

# Run a step. A change is made once. The steps before the first change are repeated until then, so
# that the backup of the current state contains all that has been written in the meantime.
run() {{
    local number=$1 title=$2 role=$3 kind=$4
    case "$role" in
    preparation) ! has begun || {{ say "Step $number is finished: $title"; return; }} ;;
    stop) ! has started || {{ say "Step $number is finished: $title"; return; }} ;;
    *) ! has "$number" || {{ say "Step $number is finished: $title"; return; }} ;;
    esac
    say "Step $number: $title"
    if [ "$kind" = irreversible ] && [ "$confirmed" = no ]; then
        say "This script cannot undo this step. Only the backup of the current state can."
        local answer=no
        read -r -p "Type yes to continue: " answer || true
        [ "$answer" = yes ] || fail "not confirmed: $title"
    fi
    if [ "$role" = change ] && ! has begun; then
        check_state
        echo begun >>"$finished"
    fi
    trap 'fail "step '"$number"' failed"' ERR
    ("step_$number") 2>&1 | tee -a "$log"
    trap - ERR
    "verify_$number" >>"$log" 2>&1 || fail "step $number ran, but its verification failed"
    case "$role" in
    start) {{ echo "$number"; echo started; }} >>"$finished" ;;
    change) echo "$number" >>"$finished" ;;
    esac
}}
"""
BLOCKED_GUARD = """\
[ "$although_blocked" = yes ] || fail "this plan is BLOCKED. rollback-*.md in this folder lists \
the blockers. Fix them and plan again, or pass --although-blocked."
"""
STATE_GUARD = "has begun || check_state\n"


def render(report: Report) -> str:
    """Return the script of a report's steps."""
    return "\n".join(_build_lines(report)) + "\n"


def _build_lines(report: Report) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield from _build_comment(f"Rollback of {report.instance}: {report.subject}")
    yield from _build_comment(f"Planned {report.created:%Y-%m-%d %H:%M} UTC by {report.tool}.")
    yield "# Read this script before you run it. Without --yes it asks for confirmation before each"
    yield "# irreversible step. It stops at the first failure. Run it again to resume there."
    plan = f"{report.created.isoformat()} {report.subject} {report.database_state}"
    yield SCRIPT_HEADER.format(
        state=shlex.quote(report.database_state),
        state_command=report.state_command,
        plan=hashlib.sha256(plan.encode()).hexdigest()[:8],
    )
    for name in _find_variables(report.steps):
        yield f': "${{{name}:?is not set}}"'
    if report.verdict is Verdict.BLOCKED:
        yield BLOCKED_GUARD
    yield STATE_GUARD
    for number, step in enumerate(report.steps, 1):
        yield from _build_function(f"step_{number}", step.commands)
        yield from _build_function(f"verify_{number}", (step.verify,) if step.verify else ())
        kind = "irreversible" if step.irreversible else "plain"
        yield f"run {number} {shlex.quote(step.title)} {step.role} {kind}"
        yield ""
    yield 'say "All steps are complete."'


def _build_function(name: str, commands: tuple[str, ...]) -> Iterator[str]:
    """Yield a shell function. ``run`` starts it in a pipeline, so it stops at the first failure."""
    yield f"{name}() {{"
    yield from (f"    {command}" for command in commands or (":",))
    yield "}"


def _find_variables(steps: tuple[Step, ...]) -> list[str]:
    """Return the environment variables that the commands use."""
    texts = (text for step in steps for text in (*step.commands, step.verify))
    return list(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))


def _build_comment(text: str) -> Iterator[str]:
    yield f"# {escape(text)}"
