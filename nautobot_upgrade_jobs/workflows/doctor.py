"""Find out why ``nautobot-server`` does not start. This process does not load Nautobot."""

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

from ..checks.findings import CheckResult, Status
from ..checks.startup_diagnosis import RATIONALE, startup_findings
from ..facts.startup import Failure, Frame, Startup
from ..report import Report
from .context import read_catalog
from .report_builder import build_report

DEADLINE_SECONDS = 300


def diagnose_startup(config: str = "") -> Report:
    """Try to start Nautobot in a child process, and report what prevents it.

    Args:
        config: Path of the configuration. Empty for the configuration of ``nautobot-server``.

    Returns:
        The report. Its verdict is GO if Nautobot starts.
    """
    startup = try_start(config or config_path())
    catalog = read_catalog()
    findings = tuple(startup_findings(startup))
    release = f"Nautobot {startup.nautobot}" if startup.nautobot else "no Nautobot"
    return build_report(
        (
            CheckResult(
                "startup.fails_to_start",
                "nautobot-server starts with this configuration, database and Redis.",
                Status.FAILED if findings else Status.PASSED,
                "facts",
                findings=findings,
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
        installed_version=startup.nautobot,
        target_version=startup.nautobot,
    )


def config_path() -> str:
    """Return the path of the configuration that ``nautobot-server`` uses."""
    root = os.environ.get("NAUTOBOT_ROOT", "~/.nautobot")
    path = os.environ.get("NAUTOBOT_CONFIG", f"{root}/nautobot_config.py")
    return str(Path(path).expanduser())


def try_start(config: str) -> Startup:
    """Try to start Nautobot with a configuration, and return how far the start got."""
    try:
        nautobot = distribution("nautobot")
        version, requires_python = nautobot.version, nautobot.metadata["Requires-Python"] or ""
    except PackageNotFoundError:
        version = requires_python = ""
    result = _run_probe(config)
    return Startup(
        python=platform.python_version(),
        nautobot=version,
        requires_python=requires_python,
        config=config,
        passed=tuple(result.passed),
        failure=result.failure,
        unmet_requirements=tuple(sorted(_unmet_requirements("nautobot"))) if version else (),
        problems=tuple(result.findings),
        unapplied=tuple(result.unapplied),
    )


@dataclass(frozen=True)
class ProbeResult:
    """The JSON that the probe prints."""

    passed: list[str]
    failure: Failure | None
    findings: list[str] = field(default_factory=list)
    unapplied: list[str] = field(default_factory=list)


def _run_probe(config: str) -> ProbeResult:
    """Run the probe. If it prints no result, derive the failure from the way the probe ended."""
    command = [sys.executable, "-m", f"{__package__.rpartition('.')[0]}.probes.startup", config]
    child = subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, errors = child.communicate(timeout=DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        text = f"it did not finish within {DEADLINE_SECONDS} seconds"
        return ProbeResult([], Failure("import", "TimeoutExpired", text, ()))
    try:
        result = json.loads(output.strip().rpartition("\n")[2])
    except ValueError:
        last = (errors.strip() or "no output").rpartition("\n")[2][:300]
        text = f"it ended with {child.returncode}: {last}"
        return ProbeResult([], Failure("import", "Crash", text, ()))
    failure = result["failure"]
    if failure:
        frames = tuple(Frame(*frame) for frame in failure.pop("frames"))
        failure = Failure(**failure, frames=frames)
    return ProbeResult(result["passed"], failure, result["findings"], result["unapplied"])


def _unmet_requirements(name: str, visited: set[str] | None = None) -> set[str]:
    """Return requirements that the environment does not meet, as ``pip check`` would."""
    visited = set() if visited is None else visited
    if name.lower() in visited:
        return set()
    visited.add(name.lower())
    unmet = set()
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
            unmet.add(f"{name} requires {requirement}, which is not installed")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            unmet.add(f"{name} requires {requirement}, but {installed} is installed")
        unmet |= _unmet_requirements(requirement.name, visited)
    return unmet
