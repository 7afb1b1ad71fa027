"""Django's and Nautobot's own system checks."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import SystemChecks
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check


@check(stage="both")
def messages(system: SystemChecks) -> Iterator[Finding]:
    """The installed release's own system checks are clean.

    Why: `migrate` runs them first and stops on an error; what they warn of today is often what the
        next release refuses.
    Fix: mend what the message names, then run `nautobot-server check --database default` again.
    """
    for message in system.messages:
        error = message.level == "error"
        yield Finding(
            severity=Severity.BLOCKER if error else Severity.WARNING,
            subject=message.subject,
            message=f"{message.id or 'system check'}: {message.message}",
            remediation=message.hint
            or "Mend what the message names; silence it only if you know it to be wrong.",
            phase=Phase.MIGRATE if error else Phase.BOOT,
            impact=Impact.OUTAGE if error else Impact.UNKNOWN,
            commands=("nautobot-server check --database default",),
        )
