"""The Python interpreter that runs Nautobot."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from ...catalog.target_release import Target
from ...facts import Runtime, require
from ..build import blocker
from ..findings import Finding, Impact, Phase
from ..registry import check


@check(stage="both", phase=Phase.BOOT, impact=Impact.OUTAGE)
def unsupported_python(runtime: Runtime, target: Target) -> Iterator[Finding]:
    """The target supports the running Python version.

    Why: the installer refuses the target or silently chooses an older release. Web, worker and beat
        each need the new interpreter.
    Fix: build a new environment with a supported Python for the installed release, switch to it,
        and upgrade Nautobot afterwards.
    """
    release = require(target.release)
    if runtime.python in SpecifierSet(release.python, prereleases=True):
        return
    yield blocker(
        "python",
        f"Nautobot {target.version} needs Python {release.python}, but this Nautobot runs on Python"
        f" {runtime.python}.",
        fix="Before the upgrade, move the installed release to a Python version that both releases "
        "support, in a new virtual environment or image. Do this for web, worker and beat.",
        evidence=(f"sys.prefix: {runtime.prefix}",),
        see=(release.reference,),
    )
