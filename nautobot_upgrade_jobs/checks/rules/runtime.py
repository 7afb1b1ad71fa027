"""The interpreter under Nautobot."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from ...catalog.target_release import Target
from ...facts import Runtime, require
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check


@check(stage="both")
def unsupported_python(runtime: Runtime, target: Target) -> Iterator[Finding]:
    """The running Python is one that the target supports.

    Why: the installer refuses the target, or picks an older release in silence; web, worker and
        beat each need the new interpreter.
    Fix: build a new environment with a supported Python for the release that is installed now,
        switch to it, and upgrade Nautobot afterwards.
    """
    release = require(target.release)
    if runtime.python in SpecifierSet(release.python, prereleases=True):
        return
    yield Finding(
        severity=Severity.BLOCKER,
        subject="python",
        message=f"Nautobot {target.version} needs Python {release.python}; "
        f"this Nautobot runs on {runtime.python}.",
        remediation="Move the installed release to a supported Python first (a new virtual "
        "environment or image), for web, worker and beat alike.",
        phase=Phase.BOOT,
        impact=Impact.OUTAGE,
        evidence=(f"sys.prefix: {runtime.prefix}", f"layout: {runtime.layout}"),
        references=(release.reference,),
    )
