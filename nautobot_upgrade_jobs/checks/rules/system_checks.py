"""The system checks of Django and Nautobot."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import SystemChecks
from ..build import finding
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..remediation import shell


@check(stage="both")
def messages(system: SystemChecks) -> Iterator[Finding]:
    """The system checks of the installed release report no problem.

    Why: `migrate` runs them first and stops on an error. The next release often refuses what they
        warn about now.
    Fix: fix what the message names, then run `nautobot-server check --database default` again.
    """
    for message in system.messages:
        error = message.level == "error"
        yield finding(
            Severity.BLOCKER if error else Severity.WARNING,
            message.subject,
            f"{message.id or 'system check'}: {message.message}",
            fix=message.hint
            or "Fix what the message names. Silence the message only if you know that it is wrong.",
            commands=(shell("nautobot-server check --database default"),),
            phase=Phase.MIGRATE if error else Phase.BOOT,
            impact=Impact.OUTAGE if error else Impact.UNKNOWN,
        )
