"""What keeps ``nautobot-server`` from starting: the cause behind the last line of a traceback."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..facts.startup import STAGES, Failure, Frame, Startup
from .findings import Finding, Impact, Phase, Severity
from .startup_causes import KNOWN_CAUSES
from .text import plural, truncate_list

RATIONALE = (
    "One App, one import or one setting that is wrong stops every command of nautobot-server, and "
    "what it prints is the end of a traceback, not the cause."
)
INSTALLATION = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/installation/"
)
APPS = f"{INSTALLATION}app-install/"
SETTINGS = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/configuration/"
    "settings/"
)


def startup_findings(startup: Startup) -> Iterator[Finding]:
    """Yield what keeps Nautobot from starting, the cause that must be mended first on top."""
    yield from _environment_findings(startup)
    if startup.failure:
        yield known_cause(startup.failure, startup.config, startup.nautobot)
        return
    if startup.problems:
        yield _build_finding(
            "nautobot-server check",
            "Nautobot starts, but its own checks find errors.",
            "Mend what they name before anything else.",
            (),
            startup.problems,
            severity=Severity.WARNING,
        )
    if startup.unapplied:
        yield _build_finding(
            "migrations",
            f"{plural(len(startup.unapplied), 'migration')} not applied yet.",
            "Within an upgrade, before `post_upgrade`, this is as it has to be. Otherwise run it.",
            (),
            truncate_list(startup.unapplied),
            severity=Severity.WARNING,
        )


def _environment_findings(startup: Startup) -> Iterator[Finding]:
    """Yield what is wrong with the environment, whatever it leads to."""
    if not startup.nautobot:
        yield _build_finding(
            "nautobot",
            "Nautobot is not installed in the environment of this Python.",
            "Use the Python of Nautobot's own environment, or install Nautobot into this one.",
            ("sudo -iu nautobot", "pip install nautobot"),
            (),
        )
        return
    try:
        fits = SpecifierSet(startup.requires_python).contains(startup.python, prereleases=True)
    except InvalidSpecifier:
        fits = True
    if not fits:
        yield _build_finding(
            "python",
            f"Nautobot {startup.nautobot} needs Python {startup.requires_python}, not "
            f"{startup.python}.",
            "Make the environment anew with a Python that it supports.",
            (),
            (),
        )
    for line in startup.unmet_requirements:
        package = line.partition(" requires ")[2].partition(",")[0]
        yield _build_finding(
            f"requirement {package}",
            f"{line}.",
            "Install all of them in one command, so that pip can find versions that fit together.",
            (f"pip install '{package}'",),
            (),
        )


def known_cause(failure: Failure, config: str, release: str) -> Finding:
    """Return the known cause of a failure, or the place that it came from.

    Args:
        failure: What ended a start.
        config: Path of the configuration.
        release: The Nautobot that was started.
    """
    for cause in KNOWN_CAUSES:
        found = re.search(cause.message_pattern, failure.message)
        if failure.stage in cause.stages.split() and failure.error == cause.error and found:
            filled = _group_formatter(found)
            return _build_finding(
                filled(cause.subject),
                filled(cause.message),
                cause.remediation,
                tuple(map(filled, cause.commands)),
                _build_evidence(failure),
            )
    return _build_code_finding(failure, config, release)


def _group_formatter(found: re.Match[str]) -> Callable[[str], str]:
    groups = [group or "" for group in found.groups()]
    return lambda text: text.format(*groups)


def _build_code_finding(failure: Failure, config: str, release: str) -> Finding:
    """Tell where code fails: in the configuration, in an App, or in something that it uses."""
    last = failure.frames[-1] if failure.frames else None
    in_config = [one for one in failure.frames if one.file == config]
    place = f"{last.file}, line {last.line}" if last else "no line of code"
    if in_config and (last is in_config[-1] or failure.error == "SyntaxError"):
        return _build_finding(
            "nautobot_config.py",
            f"{config}, line {in_config[-1].line}: {failure.error}: {failure.message}.",
            "Mend this line. A name that a new release no longer has is in its release notes.",
            (),
            _build_evidence(failure),
        )
    app, own = _find_failing_package(failure)
    place = f"{own.file}, line {own.line}" if own else place
    return _build_finding(
        app or failure.stage,
        f"While {STAGES[failure.stage]}: {failure.error}: {failure.message} ({place}).",
        f"The error comes from {app}: install a release of it that supports Nautobot "
        f"{release}, or take it out of PLUGINS."
        if app
        else "See the evidence for the way that the error came.",
        (f"pip install --upgrade {app}",) if app else (),
        _build_evidence(failure),
    )


FRAMEWORK_PACKAGES = frozenset({"nautobot", "django", "celery", "kombu", "nautobot_upgrade_jobs"})
SITE_PACKAGE_PATH = re.compile(r"(?:site-packages|dist-packages)/([A-Za-z0-9_]+)")
STANDARD_LIBRARY_PATH = re.compile(r"/lib(?:64)?/python3|^<frozen|/nautobot_upgrade_jobs/")


def _find_failing_package(failure: Failure) -> tuple[str, Frame | None]:
    """Return the first package on the way that is not Nautobot's, and the last place in it."""
    name = next(filter(None, map(_owning_package, failure.frames)), "")
    own = [frame for frame in failure.frames if name and _owning_package(frame) == name]
    return name, own[-1] if own else None


def _owning_package(frame: Frame) -> str:
    if found := SITE_PACKAGE_PATH.search(frame.file):
        return "" if found[1] in FRAMEWORK_PACKAGES else found[1]
    if STANDARD_LIBRARY_PATH.search(frame.file) or frame.file.endswith("nautobot_config.py"):
        return ""
    parts = frame.file.split("/")  # an App that is installed from its checkout
    return parts[-2] if len(parts) > 1 else ""


def _build_evidence(failure: Failure) -> tuple[str, ...]:
    way = [f"{one.file}:{one.line} in {one.function}" for one in failure.frames[-5:]]
    return (f"{failure.error}: {failure.message}", *way)


def _build_finding(  # noqa: PLR0913 - the parts of one finding
    subject: str,
    message: str,
    remediation: str,
    commands: tuple[str, ...],
    evidence: tuple[str, ...],
    *,
    severity: Severity = Severity.BLOCKER,
) -> Finding:
    return Finding(
        severity=severity,
        subject=subject,
        message=message,
        remediation=remediation,
        phase=Phase.BOOT,
        impact=Impact.OUTAGE,
        commands=commands,
        evidence=evidence,
        references=(APPS if "App" in message else SETTINGS,),
    )
