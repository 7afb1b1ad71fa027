"""The steps of a runbook as a shell script.

The script asks for confirmation, proves each step, can be resumed after a failure, and refuses
another host and another state of the database.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator
from datetime import timedelta

from ...checks.findings import Verdict
from ...runbook.steps import Step
from ..model import Report
from .markdown import escape

VARIABLE = re.compile(r"\$([A-Z]\w*)")
"""Variables that the operator sets. Lower-case variables and ``${…}`` belong to the commands."""
KNOWN_VARIABLES = ("NAUTOBOT_ROOT",)
MAXIMUM_AGE = timedelta(days=7)
"""After this time, Preflight must run again before the upgrade."""
SCRIPT_HEADER = """\
set -euo pipefail
# The answers of the operator, which no command of a step may read.
{{ exec 3<&0; }} 2>/dev/null || exec 3</dev/null
cd "$(dirname "${{BASH_SOURCE[0]}}")"
planned_for={state}
finished="${{BASH_SOURCE[0]##*/}}.{plan}.finished"
log="${{BASH_SOURCE[0]##*/}}.log"
confirmed=no although_blocked=no although_old=no dry_run=no from=1 until={steps}
usage() {{
    echo "$1; known: --dry-run, --from STEP, --until STEP, --yes, --although-blocked, \
--although-old" >&2
    exit 1
}}
while [ $# -gt 0 ]; do
    case "$1" in
    --yes) confirmed=yes ;;
    --although-blocked) although_blocked=yes ;;
    --although-old) although_old=yes ;;
    --dry-run) dry_run=yes ;;
    --from | --until)
        [[ "${{2:-}}" =~ ^[1-9][0-9]*$ ]] && [ "$2" -le {steps} ] ||
            usage "$1 needs a step from 1 to {steps}"
        declare "${{1#--}}=$2"
        shift
        ;;
    *) usage "unknown: $1" ;;
    esac
    shift
done

say() {{ printf '%s  %s\\n' "$(date -u +%FT%TZ)" "$*" | tee -a "$log"; }}
fail() {{
    say "STOPPED: $*"
    say "Fix the cause and run this script again. It resumes at the failed step."
    exit 1
}}
by_hand() {{
    echo "By hand: $1"
    local answer=no
    read -r -p "Type done when it is done: " answer <&3 || true
    [ "${{answer%$'\\r'}}" = done ] || {{ echo "It was not done."; false; }}
}}
has() {{ grep --quiet --line-regexp --fixed-strings "$1" "$finished" 2>/dev/null; }}
check_state() {{
    local state
    state=$({state_command} | tail -n 1) || fail "the state of the database cannot be read"
    [ "${{state:0:${{#planned_for}}}}" = "$planned_for" ] || fail "the database is not in the \
state of this plan. Planned for: $planned_for; current: $state. Plan again."
}}

# Run a step. A change is made once. The steps before the first change are repeated until then, so
# that the backup of the current state contains all that has been written in the meantime.
run() {{
    local number=$1 title=$2 role=$3 kind=$4
    [ "$number" -le "$until" ] || {{ say "Stopped before step $number: $title"; exit 0; }}
    local guarded=$number
    [ "$role" != gate ] || guarded=$((number + 1))
    if [ "$guarded" -lt "$from" ]; then
        say "Step $number is left out: $title"
        return
    fi
    if [ "$dry_run" = yes ]; then
        printf '\\n# Step %s: %s\\n' "$number" "$title"
        declare -f "step_$number" "verify_$number" | sed '/^[a-z_0-9]* ()/d; /^[{{}}]/d'
        return
    fi
    case "$role" in
    preparation) ! has begun || {{ say "Step $number is finished: $title"; return; }} ;;
    gate) ! has "$guarded" || {{ say "Step $number is finished: $title"; return; }} ;;
    stop) ! has started || {{ say "Step $number is finished: $title"; return; }} ;;
    *) ! has "$number" || {{ say "Step $number is finished: $title"; return; }} ;;
    esac
    if [ "$kind" = irreversible ] && [ "$confirmed" = no ]; then
        say "This script cannot undo this step: $title. Only the backup can."
        local answer=no
        read -r -p "Type yes to continue: " answer <&3 || true
        [ "${{answer%$'\\r'}}" = yes ] || fail "not confirmed: $title"
    fi
    if ! has begun && {{ [ "$role" = stop ] || [ "$role" = change ]; }}; then
        check_state
        [ "$role" = stop ] || echo begun >>"$finished"
    fi
    say "Step $number: $title"
    trap 'fail "step '"$number"' failed"' ERR
    ("step_$number") </dev/null 2>&1 | tee -a "$log"
    trap - ERR
    ("verify_$number") </dev/null >>"$log" 2>&1 ||
        fail "step $number ran, but its verification failed"
    case "$role" in
    start) {{ echo "$number"; echo started; }} >>"$finished" ;;
    change) echo "$number" >>"$finished" ;;
    esac
}}
"""
BLOCKED_GUARD = """\
[ "$although_blocked$dry_run" != nono ] || fail "this plan is BLOCKED. The report in this folder \
lists the blockers. Fix them and plan again, or pass --although-blocked."
"""
AGE_GUARD = """\
[ "$although_old$dry_run" != nono ] || has begun || [ "$(date -u +%F)" \\< {end} ] || \
fail "Preflight of {created} is older than {days} days. Run it again, or pass --although-old."
"""
HOST_GUARD = """\
host={host}
[ "$dry_run" = yes ] || [ "$(uname -n)" = "$host" ] || \
fail "this plan is for the host $host, but this is $(uname -n)."
"""


def render(report: Report) -> str:
    """Return the script of a report's steps."""
    return "\n".join(_build_lines(report)) + "\n"


def _build_lines(report: Report) -> Iterator[str]:
    title = "Upgrade" if report.is_preflight else "Rollback"
    yield "#!/usr/bin/env bash"
    yield from _build_comment(f"{title} of {report.instance}: {report.subject}")
    yield from _build_comment(f"Planned {report.created:%Y-%m-%d %H:%M} UTC by {report.tool}.")
    yield "# Read this script before you run it. Without --yes it asks for confirmation before each"
    yield "# irreversible step. It stops at the first failure. Run it again to resume there."
    plan = f"{report.created.isoformat()} {report.subject} {report.database_state}"
    yield SCRIPT_HEADER.format(
        state=shlex.quote(report.database_state),
        state_command=report.runbook.state_command,
        plan=hashlib.sha256(plan.encode()).hexdigest()[:8],
        steps=len(report.runbook.steps),
    )
    yield from _build_guards(report)
    yield from report.runbook.shell_setup
    for number, step in enumerate(report.runbook.steps, 1):
        yield from _build_function(f"step_{number}", _commands_of(step))
        yield from _build_function(f"verify_{number}", (step.verify,) if step.verify else ())
        kind = "irreversible" if step.irreversible else "plain"
        yield f"run {number} {shlex.quote(step.title)} {step.role} {kind}"
        yield ""
    yield '[ "$dry_run" = yes ] || say "All steps are complete."'


def _build_guards(report: Report) -> Iterator[str]:
    """Yield the conditions under which the script does nothing."""
    if report.runbook.host:
        yield HOST_GUARD.format(host=shlex.quote(report.runbook.host))
    if report.verdict is Verdict.BLOCKED:
        yield BLOCKED_GUARD
    if report.is_preflight:
        end = (report.created + MAXIMUM_AGE).date().isoformat()
        created = f"{report.created:%Y-%m-%d}"
        yield AGE_GUARD.format(end=end, created=created, days=MAXIMUM_AGE.days)
    for name in _find_variables(report.runbook.steps):
        yield f'[ "$dry_run" = yes ] || : "${{{name}:?is not set}}"'


def _build_function(name: str, commands: tuple[str, ...]) -> Iterator[str]:
    """Yield a shell function. ``run`` starts it in a pipeline, so it stops at the first failure."""
    yield f"{name}() {{"
    yield from (f"    {command}" for command in commands or (":",))
    yield "}"


def _commands_of(step: Step) -> tuple[str, ...]:
    """Return the commands of a step. For a step by hand, they wait for the operator."""
    return (f"by_hand {shlex.quote(step.why)}",) if step.by_hand else step.commands


def _find_variables(steps: tuple[Step, ...]) -> list[str]:
    """Return the environment variables that the operator must set for the commands."""
    texts = (text for step in steps for text in (*step.commands, step.verify))
    names = dict.fromkeys(name for text in texts for name in VARIABLE.findall(text))
    return [name for name in names if name not in KNOWN_VARIABLES]


def _build_comment(text: str) -> Iterator[str]:
    yield f"# {escape(text)}"
