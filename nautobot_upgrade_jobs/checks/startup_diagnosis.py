"""Diagnose a failed start of ``nautobot-server``: the cause behind the last line of a traceback."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..facts.startup import STAGES, Failure, Frame, Startup
from . import build
from .findings import Finding, Impact, Phase
from .references import APP_INSTALLATION, SETTINGS
from .remediation import When, shell
from .startup_causes import KNOWN_CAUSES
from .text import plural, truncate_list

RATIONALE = (
    "One wrong App, import or setting stops every command of nautobot-server, and the output is "
    "the end of a traceback, not the cause."
)
_blocker = partial(
    build.blocker, phase=Phase.BOOT, impact=Impact.OUTAGE, when=When.NOW, see=(SETTINGS,)
)
_warning = partial(
    build.warning, phase=Phase.BOOT, impact=Impact.OUTAGE, when=When.NOW, see=(SETTINGS,)
)


def startup_findings(startup: Startup) -> Iterator[Finding]:
    """Yield the causes of a failed start, in the order in which to fix them."""
    yield from _environment_findings(startup)
    if startup.failure:
        yield known_cause(startup.failure, startup.config, startup.nautobot)
        return
    if startup.problems:
        yield _warning(
            "nautobot-server check",
            "Nautobot starts, but its system checks report errors.",
            fix="Fix these errors first.",
            evidence=startup.problems,
        )
    if startup.unapplied:
        verb = "is" if len(startup.unapplied) == 1 else "are"
        yield _warning(
            "migrations",
            f"{plural(len(startup.unapplied), 'migration')} {verb} not applied.",
            fix="During an upgrade, before `post_upgrade`, this is expected. Otherwise run it.",
            evidence=truncate_list(startup.unapplied),
        )


def _environment_findings(startup: Startup) -> Iterator[Finding]:
    """Yield the problems of the Python environment."""
    if not startup.nautobot:
        yield _blocker(
            "nautobot",
            "Nautobot is not installed in the environment of this Python.",
            fix="Use the Python of Nautobot's own environment, or install Nautobot into this one.",
            commands=(shell("sudo -iu nautobot"), shell("pip install nautobot")),
        )
        return
    if not _supports_python(startup):
        yield _blocker(
            "python",
            f"Nautobot {startup.nautobot} requires Python {startup.requires_python}, but this is "
            f"{startup.python}.",
            fix="Rebuild the environment with a supported Python.",
        )
    for line in startup.unmet_requirements:
        package = line.partition(" requires ")[2].partition(",")[0]
        yield _blocker(
            f"requirement {package}",
            f"{line}.",
            fix="Install all of them in one command, so that pip can find compatible versions.",
            commands=(shell("pip install {}", package),),
        )


def _supports_python(startup: Startup) -> bool:
    try:
        return SpecifierSet(startup.requires_python).contains(startup.python, prereleases=True)
    except InvalidSpecifier:
        return True


def known_cause(failure: Failure, config: str, release: str) -> Finding:
    """Return the known cause of a failure, or the line of code that raised the error.

    Args:
        failure: The error that ended a start.
        config: Path of the configuration.
        release: The started Nautobot release.
    """
    for cause in KNOWN_CAUSES:
        match = re.search(cause.message_pattern, failure.message)
        if failure.stage in cause.stages.split() and failure.error == cause.error and match:
            fill = _group_formatter(match, failure.distributions)
            fill_command = _group_formatter(match, failure.distributions, shlex.quote)
            return _blocker(
                fill(cause.subject),
                fill(cause.message),
                fix=cause.remediation,
                commands=tuple(shell(text) for text in map(fill_command, cause.commands) if text),
                evidence=_build_evidence(failure),
                see=(cause.see,),
            )
    return _build_code_finding(failure, config, release)


def _group_formatter(
    match: re.Match[str], distributions: Mapping[str, str], quote: Callable[[str], str] = str
) -> Callable[[str], str]:
    """Return a function that fills a text. The result is empty if the distribution is unknown.

    Args:
        match: The match of the error message.
        distributions: Names of distributions by the names of their packages.
        quote: Quotes each filled value.
    """
    groups = [quote(group or "") for group in match.groups()]
    known = distributions.get(match[1] or "", "") if groups else ""
    distribution = known and quote(known)

    def fill(text: str) -> str:
        if "{distribution}" in text and not distribution:
            return ""
        return text.format(*groups, distribution=distribution)

    return fill


def _build_code_finding(failure: Failure, config: str, release: str) -> Finding:
    """Return the finding about an error in the configuration, in an App or in a dependency."""
    last = failure.frames[-1] if failure.frames else None
    in_config = [frame for frame in failure.frames if frame.file == config]
    if in_config and (last is in_config[-1] or failure.error == "SyntaxError"):
        return _blocker(
            "nautobot_config.py",
            f"{config}, line {in_config[-1].line}: {failure.error}: {failure.message}.",
            fix="Correct this line. The release notes list the names that a new release removed.",
            evidence=_build_evidence(failure),
        )
    package, frame = _find_failing_package(failure)
    frame = frame or last
    location = f"{frame.file}, line {frame.line}" if frame else "no line of code"
    finding = _blocker(
        package or failure.stage,
        f"While {STAGES[failure.stage]}: {failure.error}: {failure.message} ({location}).",
        fix="Follow the stack trace in the evidence.",
        evidence=_build_evidence(failure),
    )
    if not package:
        return finding
    # An upgrade of a library can leave the range that Nautobot supports.
    distribution = frame.distribution if frame and failure.app else ""
    return replace(
        finding,
        remediation=f"The error comes from {package}. Install a release of it that supports "
        f"Nautobot {release}. If it is an App, you can also remove it from PLUGINS.",
        commands=(shell("pip install --upgrade {}", distribution),) if distribution else (),
        references=(APP_INSTALLATION,),
    )


FRAMEWORK_PACKAGES = frozenset({"nautobot", "django", "celery", "kombu", "nautobot_upgrade_jobs"})
SITE_PACKAGE_PATH = re.compile(r"(?:site-packages|dist-packages)/([A-Za-z0-9_]+)")
STANDARD_LIBRARY_PATH = re.compile(r"/lib(?:64)?/python3|^<frozen|/nautobot_upgrade_jobs/")


def _find_failing_package(failure: Failure) -> tuple[str, Frame | None]:
    """Return the package that failed, and the last frame of the traceback in it.

    It is the App that failed. If none failed, it is the first package in the traceback that is not
    part of a framework.
    """
    name = failure.app or next(filter(None, map(_owning_package, failure.frames)), "")
    own_frames = [frame for frame in failure.frames if name and _owning_package(frame) == name]
    return name, own_frames[-1] if own_frames else None


def _owning_package(frame: Frame) -> str:
    """Return the package of a frame. Empty for a framework, the library and the configuration."""
    if match := SITE_PACKAGE_PATH.search(frame.file):
        package = frame.package or match[1]
    elif STANDARD_LIBRARY_PATH.search(frame.file) or frame.file.endswith("nautobot_config.py"):
        return ""
    else:  # An App that is installed from a source checkout. A syntax error has the file only.
        package = frame.package or Path(frame.file).parent.name
    return "" if package in FRAMEWORK_PACKAGES else package


def _build_evidence(failure: Failure) -> tuple[str, ...]:
    stack = [f"{frame.file}:{frame.line} in {frame.function}" for frame in failure.frames[-5:]]
    return (f"{failure.error}: {failure.message}", *stack)
