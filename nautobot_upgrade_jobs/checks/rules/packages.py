"""The packages of the target: is there a set that goes together, and what does it take along?"""

from __future__ import annotations

from collections.abc import Iterator

from ...facts.resolution import Resolution
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural, truncate_list

APPS = "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/installation/app-install/"
CONSTRAINTS = "https://pip.pypa.io/en/stable/user_guide/#constraints-files"
YANKED = "https://packaging.python.org/en/latest/specifications/file-yanking/"
CORE = "nautobot"
INSTALL_COMMAND = "pip install --require-hashes --requirement constraints.txt"
"""Of all of the set; pip refuses hashes in what is only a constraint."""
MAX_REASON_LINES = 12
"""Lines of the resolver's explanation that are shown."""


@check()
def app_version_changes(resolution: Resolution) -> Iterator[Finding]:
    """The installed release of every App stays for the target.

    Why: an App that has to change with Nautobot changes in the same step, and brings migrations and
        settings of its own.
    Fix: install the named releases together with Nautobot, and read their release notes.
    """
    changed = [one for one in resolution.apps if one.compatible and one.compatible != one.installed]
    if changed:
        yield Finding(
            severity=Severity.INFO,
            subject="apps",
            message=f"Nautobot {resolution.target} takes {plural(len(changed), 'App')} along, in "
            "the same step.",
            remediation="Install the whole set in one step, by the attached constraints.txt, and "
            "read the release notes of each App.",
            phase=Phase.BOOT,
            impact=Impact.NONE,
            commands=(INSTALL_COMMAND,),
            evidence=tuple(
                f"{one.distribution}: {one.installed} to {one.compatible}; "
                + (
                    "the newest of all"
                    if one.compatible == one.latest
                    else f"the newest is {one.latest}"
                )
                for one in changed
            ),
            references=(APPS,),
        )


@check()
def no_compatible_release(resolution: Resolution) -> Iterator[Finding]:
    """Everything that is installed has a release for the target.

    Why: an installer that finds none stops, or leaves Nautobot where it is; forced past that, the
        server does not start.
    Fix: remove it for the time being, ask its author, or choose another target.
    """
    enabled = {one.distribution: one for one in resolution.apps}
    for name, reason in resolution.incompatible.items():
        if name == CORE:
            yield _build_core_finding(resolution, reason)
            continue
        app = enabled.get(name)
        newest = f" The newest is {app.latest}." if app and app.latest else ""
        yield Finding(
            severity=Severity.BLOCKER,
            subject=name,
            message=f"No release of {name} fits Nautobot {resolution.target}.{newest}",
            remediation="Remove it from PLUGINS and from the requirements until there is one, "
            "after reading what becomes of its data; or choose another target."
            if app
            else "Remove the requirement, if nothing needs it any more; or choose another target.",
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            evidence=_truncate_reason(reason),
            references=(APPS,),
        )


def _build_core_finding(resolution: Resolution, reason: str) -> Finding:
    return Finding(
        severity=Severity.BLOCKER,
        subject=CORE,
        message=f"Nautobot {resolution.target} cannot be installed here: the package index has no "
        "set for it and this Python.",
        remediation="Read the reason: a Python that the target supports, or a package index that "
        "has it.",
        phase=Phase.BOOT,
        impact=Impact.OUTAGE,
        evidence=_truncate_reason(reason),
        references=(APPS,),
    )


@check()
def conflict(resolution: Resolution) -> Iterator[Finding]:
    """All requirements go together.

    Why: two Apps that ask for different versions of one library cannot be in one environment.
    Fix: leave one of them out, or wait for a release that widens its limit.
    """
    if resolution.conflict:
        dropped = [name for name in resolution.excluded if name not in resolution.incompatible]
        yield Finding(
            severity=Severity.BLOCKER,
            subject=" + ".join(resolution.conflict),
            message=f"With Nautobot {resolution.target} these do not go together: "
            f"{', '.join(resolution.conflict)}.",
            remediation=f"Without {' and '.join(dropped)} there is a set: the smallest change. Or "
            "choose another target, or ask for a release with wider limits.",
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            evidence=_truncate_reason(resolution.conflict_reason),
            references=(APPS,),
        )


@check()
def yanked(resolution: Resolution) -> Iterator[Finding]:
    """No release of the set was taken back by its author.

    Why: a release is yanked for a fault, often one that shows only in production.
    Fix: choose the release that took its place.
    """
    for pin, reason in resolution.yanked.items():
        yield Finding(
            severity=Severity.WARNING,
            subject=pin,
            message=f"{pin} was taken back by its author: {reason or 'no reason is given'}.",
            remediation="Choose the next release of it.",
            phase=Phase.RUNTIME,
            impact=Impact.UNKNOWN,
            references=(YANKED,),
        )


@check()
def not_on_index(resolution: Resolution) -> Iterator[Finding]:
    """The package index has everything that is installed.

    Why: an environment that is built anew, as images and rollbacks are, lacks what no index has.
    Fix: tell pip of the private index or folder that it came from.
    """
    if resolution.not_on_index:
        yield Finding(
            severity=Severity.WARNING,
            subject="index",
            message=f"{plural(len(resolution.not_on_index), 'installed distribution')} cannot be "
            "had in the installed version from the index, or folder of wheels, that is configured.",
            remediation="Name the index or folder that has them in pip's configuration "
            "(extra-index-url, find-links), for the user that Nautobot runs as; keep their files "
            "for the way back.",
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            evidence=truncate_list(resolution.not_on_index),
            references=(CONSTRAINTS,),
        )


@check()
def unparsed_requirement_line(resolution: Resolution) -> Iterator[Finding]:
    """Every line of local_requirements.txt names a distribution and its versions.

    Why: options, other files and addresses are not followed here; what they bring is in the set
        only as far as it is installed, and perhaps in another version.
    Fix: look at these lines yourself when you install the target.
    """
    if resolution.unparsed_requirement_lines:
        yield Finding(
            severity=Severity.INFO,
            subject="local_requirements.txt",
            message="Lines of local_requirements.txt that count in part, or not at all: "
            f"{len(resolution.unparsed_requirement_lines)}.",
            remediation="Look at these lines yourself when you install the target.",
            phase=Phase.BOOT,
            impact=Impact.UNKNOWN,
            evidence=truncate_list(resolution.unparsed_requirement_lines),
            references=(CONSTRAINTS,),
        )


@check()
def sdist_only(resolution: Resolution) -> Iterator[Finding]:
    """Everything in the set can be installed without building it.

    Why: a package that comes as source runs its own code when it is installed, and may need a
        compiler and libraries that the host does not have.
    Fix: build it once, where there is a compiler, and install the wheel.
    """
    if resolution.sdist_only:
        yield Finding(
            severity=Severity.INFO,
            subject="source",
            message="In the set as source only, as they are installed today: "
            f"{plural(len(resolution.sdist_only), 'distribution')}.",
            remediation="Nothing, if the new environment is built on a host like this one; else "
            "make wheels of them first.",
            phase=Phase.BOOT,
            impact=Impact.NONE,
            evidence=truncate_list(resolution.sdist_only),
            references=(CONSTRAINTS,),
        )


@check()
def unverified_metadata(resolution: Resolution) -> Iterator[Finding]:
    """What every distribution of the set asks for is known.

    Why: of one that is new and comes as source only, the metadata is made by running its code,
        which is not done here; it may ask for something that goes with nothing else.
    Fix: make a wheel of it where that does no harm, and resolve again with the wheel.
    """
    for name in resolution.unverified:
        yield Finding(
            severity=Severity.WARNING,
            subject=name,
            message=f"{name} is new in the set and comes as source only: what it asks for is not "
            "known.",
            remediation="Make a wheel of it on another host, put it into a folder that pip knows "
            "(find-links), and run Preflight again.",
            phase=Phase.BOOT,
            impact=Impact.UNKNOWN,
            commands=(f"pip wheel --no-deps {name}",),
            references=(CONSTRAINTS,),
        )


def _truncate_reason(reason: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in reason.splitlines() if line.strip())
    return lines[:MAX_REASON_LINES]
