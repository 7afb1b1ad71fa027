"""Why does ``nautobot-server`` not start? From the outside; nothing of Nautobot is loaded here."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from ..catalog import CatalogError, CatalogUnavailable, load_catalog
from ..checks.findings import CheckResult, Status
from ..checks.startup_diagnosis import RATIONALE, startup_findings
from ..facts import Unavailable
from ..facts.startup import STAGES, Failure, Frame, Startup
from ..report import Report
from .report_builder import build_report

DEADLINE_SECONDS = 300


def diagnose_startup(config: str = "") -> Report:
    """Try to start Nautobot in a process of its own, and say what keeps it from starting.

    Args:
        config: Path of the configuration; by default the one that ``nautobot-server`` would take.

    Returns:
        The report: GO if Nautobot starts.
    """
    startup = try_start(config or config_path())
    try:
        catalog = load_catalog()
    except (CatalogUnavailable, CatalogError) as error:
        catalog = Unavailable(str(error))
    found = tuple(startup_findings(startup))
    release = f"Nautobot {startup.nautobot}" if startup.nautobot else "no Nautobot"
    return build_report(
        (
            CheckResult(
                "startup.starts",
                "nautobot-server starts, with everything that it needs.",
                Status.FAILED if found else Status.PASSED,
                "facts",
                findings=found,
                why=RATIONALE,
            ),
        ),
        kind="doctor",
        release=startup.nautobot,
        acceptances=(),
        catalog=catalog,
        instance=platform.node(),
        current=release,
        target=release,
        migrations=None,
    )


def config_path() -> str:
    """Return where ``nautobot-server`` looks for its configuration."""
    root = os.environ.get("NAUTOBOT_ROOT", "~/.nautobot")
    path = os.environ.get("NAUTOBOT_CONFIG", f"{root}/nautobot_config.py")
    return str(Path(path).expanduser())


def try_start(config: str) -> Startup:
    """Try to start Nautobot with a configuration, and tell how far that went."""
    try:
        nautobot = distribution("nautobot")
        version, wanted = nautobot.version, nautobot.metadata["Requires-Python"] or ""
    except PackageNotFoundError:
        version = wanted = ""
    told = _run_probe(config)
    return Startup(
        python=platform.python_version(),
        nautobot=version,
        requires_python=wanted,
        config=config,
        passed=tuple(told.passed),
        failure=told.failure,
        unmet_requirements=tuple(sorted(_unmet_requirements("nautobot"))) if version else (),
        problems=tuple(told.findings),
        unapplied=tuple(told.unapplied),
    )


@dataclass(frozen=True)
class ProbeResult:
    passed: list[str]
    failure: Failure | None
    findings: list[str] = field(default_factory=list)
    unapplied: list[str] = field(default_factory=list)


def _run_probe(config: str) -> ProbeResult:
    """Run the probe; what it cannot tell itself, the way it ended tells."""
    words = [sys.executable, "-m", f"{__package__.rpartition('.')[0]}.probes.startup", config]
    child = subprocess.Popen(  # noqa: S603 - our own module
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = child.communicate(timeout=DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        text = f"it did not come to an end in {DEADLINE_SECONDS} seconds"
        return ProbeResult([], Failure("import", "TimeoutExpired", text, ()))
    try:
        told = json.loads(output.strip().rpartition("\n")[2])
    except ValueError:
        last = (errors.strip() or "it said nothing").rpartition("\n")[2][:300]
        text = f"it ended with {child.returncode}: {last}"
        return ProbeResult([], Failure("import", "Crash", text, ()))
    failure = told["failure"]
    if failure:
        frames = tuple(Frame(*frame) for frame in failure.pop("frames"))
        failure = Failure(**failure, frames=frames)
    return ProbeResult(told["passed"], failure, told["findings"], told["unapplied"])


def _unmet_requirements(name: str, seen: set[str] | None = None) -> set[str]:
    """Return requirements that the environment does not meet, as ``pip check`` would."""
    seen = set() if seen is None else seen
    if name.lower() in seen:
        return set()
    seen.add(name.lower())
    found = set()
    for line in distribution(name).requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = distribution(requirement.name).version
        except PackageNotFoundError:
            found.add(f"{name} requires {requirement}, which is not installed")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            found.add(f"{name} requires {requirement}, but {installed} is installed")
        found |= _unmet_requirements(requirement.name, seen)
    return found


__all__ = [
    "STAGES",
    "config_path",
    "diagnose_startup",
    "try_start",
]
