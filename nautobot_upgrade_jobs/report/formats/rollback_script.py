"""The steps of a way back as a shell script that asks, proves, and can be run again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from ...checks.findings import Verdict
from ...runbook.upgrade import Step
from ..model import Report
from .markdown import escape

VARIABLE = re.compile(r"\$(\w+)")
SCRIPT_HEADER = """\
set -euo pipefail
cd "$(dirname "${{BASH_SOURCE[0]}}")"
planned_for={state}
finished="${{BASH_SOURCE[0]##*/}}.finished"
log="${{BASH_SOURCE[0]##*/}}.log"
sure=no although_blocked=no
for word in "$@"; do
    case "$word" in
    --yes) sure=yes ;;
    --although-blocked) although_blocked=yes ;;
    *) echo "unknown: $word; known: --yes, --although-blocked" >&2; exit 1 ;;
    esac
done

say() {{ printf '%s  %s\\n' "$(date -u +%FT%TZ)" "$*" | tee -a "$log"; }}
fail() {{
    say "STOPPED: $*"
    say "Mend that, and run this script again: it goes on with the step that failed."
    exit 1
}}

# Each step is run once; what is finished is not run again.
run() {{
    local number=$1 title=$2 kind=$3
    if grep --quiet --line-regexp --fixed-strings "$number" "$finished" 2>/dev/null; then
        say "Step $number is finished: $title"
        return
    fi
    say "Step $number: $title"
    if [ "$kind" = irreversible ] && [ "$sure" = no ]; then
        read -r -p "No way back from here but the backup. Type yes to go on: " answer
        [ "$answer" = yes ] || fail "not confirmed: $title"
    fi
    trap 'fail "step '"$number"' failed"' ERR
    ("step_$number") 2>&1 | tee -a "$log"
    trap - ERR
    "proof_$number" >>"$log" 2>&1 || fail "step $number is done, but its proof says otherwise"
    echo "$number" >>"$finished"
}}
"""
BLOCKED_GUARD = """\
[ "$although_blocked" = yes ] || fail "this plan was BLOCKED, by what rollback-*.md beside it \
names. Mend that and plan again, or give --although-blocked."
"""
STATE_GUARD = """\
if [ ! -e "$finished" ]; then
    state=$({asks} | tail -n 1)
    [ "$state" = "$planned_for" ] || fail "this is not what was planned for, or it has changed \
since; planned for: $planned_for; this is: $state. Plan again."
    touch "$finished"
fi
"""


def render(report: Report) -> str:
    """Return the script of a report's steps."""
    return "\n".join(_build_lines(report)) + "\n"


def _build_lines(report: Report) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield from _build_comment(f"The way back of {report.instance}: {report.subject}")
    yield from _build_comment(f"Planned {report.created:%Y-%m-%d %H:%M} UTC by {report.tool}.")
    yield "# Read it before you run it. It asks before what cannot be taken back, unless it is"
    yield "# given --yes; it stops at the first failure, and goes on from there when run again."
    yield SCRIPT_HEADER.format(state=shlex.quote(report.database_state))
    for name in _find_variables(report.steps):
        yield f': "${{{name}:?is not set}}"'
    if report.verdict is Verdict.BLOCKED:
        yield BLOCKED_GUARD
    yield STATE_GUARD.format(asks=report.state_command)
    for number, step in enumerate(report.steps, 1):
        yield from _build_function(f"step_{number}", step.commands)
        proof = step.verify if is_command(step.verify) else ""
        yield from _build_function(f"proof_{number}", (proof,) if proof else ())
        kind = "irreversible" if step.irreversible else "plain"
        yield f"run {number} {shlex.quote(step.title)} {kind}"
        yield ""
    yield 'say "Everything is done."'


def _build_function(name: str, commands: tuple[str, ...]) -> Iterator[str]:
    """Yield a function; in a pipeline of its own, it stops at the first command that fails."""
    yield f"{name}() {{"
    yield from (f"    {command}" for command in commands or (":",))
    yield "}"


def _find_variables(steps: tuple[Step, ...]) -> list[str]:
    """Return the variables of the environment that the commands ask for."""
    texts = (text for step in steps for text in (*step.commands, step.verify))
    return list(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))


def _build_comment(text: str) -> Iterator[str]:
    yield f"# {escape(text)}"


def is_command(text: str) -> bool:
    """Tell a command from a sentence."""
    return bool(text) and not text.endswith(".")
