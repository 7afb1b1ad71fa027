"""The package set of the target: conflicts, missing releases and changed Apps."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...facts.resolution import AppReleases, Resolution
from ...upgrade.package_changes import changed_apps
from ..build import blocker, info, warning
from ..findings import Finding, Impact, Phase
from ..references import APP_INSTALLATION, PIP_CONSTRAINTS
from ..registry import check
from ..remediation import When, shell
from ..text import plural, truncate_list

YANKED = "https://packaging.python.org/en/latest/specifications/file-yanking/"
CORE = "nautobot"
INSTALL_COMMAND = "pip install --require-hashes --requirement constraints.txt"
"""Installs the whole set as requirements, because pip refuses hashes in constraints."""
MAX_REASON_LINES = 12
"""Lines of the resolver's explanation, and of its hints, that a finding lists."""
HINT = re.compile(r"hint\b", re.IGNORECASE)


@check(phase=Phase.BOOT, impact=Impact.NONE, see=(APP_INSTALLATION,), when=When.WINDOW)
def app_version_changes(resolution: Resolution) -> Iterator[Finding]:
    """The installed release of every App is compatible with the target.

    Why: an App that must change with Nautobot changes in the same step, and has its own migrations
        and settings.
    Fix: install the listed releases together with Nautobot, and read their release notes.
    """
    changed = changed_apps(resolution)
    if changed:
        yield info(
            "apps",
            f"The upgrade to Nautobot {resolution.target} also changes the version of"
            f" {plural(len(changed), 'App')}.",
            fix="Install the whole set in one step from the attached constraints.txt, and read the "
            "release notes of each App.",
            commands=(shell(INSTALL_COMMAND),),
            evidence=tuple(map(_describe_change, changed)),
        )


def _describe_change(app: AppReleases) -> str:
    latest = "latest" if app.compatible == app.latest else f"latest: {app.latest}"
    return f"{app.distribution}: {app.installed} to {app.compatible} ({latest})"


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=(APP_INSTALLATION,), when=When.WINDOW)
def no_compatible_release(resolution: Resolution) -> Iterator[Finding]:
    """Every installed package has a release compatible with the target.

    Why: an installer that finds no compatible release stops, or does not change Nautobot. If the
        installation is forced, the server does not start.
    Fix: remove the package for now, ask its author, or choose another target.
    """
    enabled = {app.distribution: app for app in resolution.apps}
    for name, reason in resolution.incompatible.items():
        if name == CORE:
            yield _build_core_finding(resolution, reason)
            continue
        app = enabled.get(name)
        latest = f" Its latest release is {app.latest}." if app and app.latest else ""
        yield blocker(
            name,
            f"No release of {name} is compatible with Nautobot {resolution.target}.{latest}",
            fix="Choose another target, or upgrade without the App. Before you upgrade without it, "
            "read in its documentation what happens to its data. Remove the App from PLUGINS and "
            "from the requirements. Add it again when a compatible release exists."
            if app
            else "Remove the requirement if nothing needs it. Otherwise choose another target.",
            evidence=_truncate_reason(reason),
        )


def _build_core_finding(resolution: Resolution, reason: str) -> Finding:
    return blocker(
        CORE,
        f"Nautobot {resolution.target} cannot be installed here. The package index has no set of"
        " packages that fits both this release and this Python.",
        when=When.NOW,
        fix="Read the reason in the evidence. Use a Python that the target supports, or a package "
        "index that has the packages.",
        evidence=_truncate_reason(reason),
    )


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=(APP_INSTALLATION,))
def conflict(resolution: Resolution) -> Iterator[Finding]:
    """All requirements are compatible with each other.

    Why: two Apps that require different versions of one library cannot be in one environment.
    Fix: remove one of them, or wait for a release with a higher upper bound.
    """
    if resolution.conflict:
        dropped = [name for name in resolution.excluded if name not in resolution.incompatible]
        yield blocker(
            " + ".join(resolution.conflict),
            "The requirements of these packages conflict with each other for Nautobot"
            f" {resolution.target}: {', '.join(resolution.conflict)}.",
            fix=(
                f"Remove {' and '.join(dropped)}, which is the smallest change that resolves the "
                "conflict. Or choose"
                if dropped
                else "Choose"
            )
            + " another target, or ask the author of a package to allow more versions.",
            evidence=_truncate_reason(resolution.conflict_reason),
        )


@check(phase=Phase.RUNTIME, impact=Impact.UNKNOWN, see=(YANKED,))
def yanked(resolution: Resolution) -> Iterator[Finding]:
    """No release of the package set is yanked.

    Why: an author yanks a release because of a defect, often one that appears only in production.
    Fix: choose the release that replaced it.
    """
    for pin, reason in resolution.yanked.items():
        yield warning(
            pin,
            f"The author of {pin} has yanked this release ({reason or 'no reason given'}).",
            fix="Enter another release in the field Requirements of Preflight, or pass it to "
            "Preflight with --require.",
        )


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=(PIP_CONSTRAINTS,))
def not_on_index(resolution: Resolution) -> Iterator[Finding]:
    """The package index has every installed package.

    Why: when you build a new image or roll back, pip cannot install a package that no index has. If
        the index has the name of an App, but not the installed version, the name can belong to
        another project there. Preflight then keeps the installed version.
    Fix: configure pip with the private index or folder that the package came from. If the index has
        the right project, name the package on the form or the command line, such as
        `--require 'nautobot-ssot>=4'`.
    """
    if resolution.not_on_index:
        count = len(resolution.not_on_index)
        yield warning(
            "index",
            f"The installed {'version' if count == 1 else 'versions'} of"
            f" {plural(count, 'distribution')} {'is' if count == 1 else 'are'} not available from"
            " the configured index or folder of wheels.",
            fix=f"Add the index or folder that has {'it' if count == 1 else 'them'} to pip's "
            "configuration (extra-index-url, find-links), for the user that runs Nautobot. Keep "
            "the package files for a rollback.",
            evidence=truncate_list(resolution.not_on_index),
        )


@check(phase=Phase.BOOT, impact=Impact.UNKNOWN, see=(PIP_CONSTRAINTS,), when=When.WINDOW)
def unparsed_requirement_line(resolution: Resolution) -> Iterator[Finding]:
    """Every line of local_requirements.txt names a distribution and its versions.

    Why: Preflight does not follow options, other files and URLs. The set contains their packages
        only if they are installed, and perhaps in another version.
    Fix: check these lines yourself when you install the target.
    """
    if resolution.unparsed_requirement_lines:
        count = len(resolution.unparsed_requirement_lines)
        yield info(
            "local_requirements.txt",
            f"Preflight used {plural(count, 'line')} of local_requirements.txt only in part or not "
            "at all.",
            fix="When you install the target, make sure that it includes what each line requires.",
            evidence=truncate_list(resolution.unparsed_requirement_lines),
        )


@check(phase=Phase.BOOT, impact=Impact.NONE, see=(PIP_CONSTRAINTS,))
def sdist_only(resolution: Resolution) -> Iterator[Finding]:
    """Every package of the package set has a wheel.

    Why: an sdist runs its own code when it is installed, and may need a compiler and libraries that
        the host does not have.
    Fix: build a wheel on a host with a compiler, and install the wheel.
    """
    if resolution.sdist_only:
        count = len(resolution.sdist_only)
        yield info(
            "source",
            f"{plural(count, 'distribution')} of the package set"
            f" {'has' if count == 1 else 'have'} an sdist but no wheel.",
            fix="Nothing, if you build the new environment on a host like this one. Otherwise "
            "build wheels first.",
            evidence=truncate_list(resolution.sdist_only),
        )


@check(phase=Phase.BOOT, impact=Impact.UNKNOWN, see=(PIP_CONSTRAINTS,))
def unverified_metadata(resolution: Resolution) -> Iterator[Finding]:
    """The requirements of every distribution of the package set are known.

    Why: some new distributions have only an sdist. To read its requirements, Preflight would have
        to run its code, and Preflight does not do this. A requirement may conflict with the package
        set.
    Fix: build a wheel where that is safe, and resolve again with the wheel.
    """
    for name in resolution.unverified:
        yield warning(
            name,
            f"The requirements of the package {name} are unknown. The upgrade adds it, and it has "
            "only an sdist.",
            fix="Build a wheel on a test host, because the build runs code of the package. Put the "
            "wheel into a folder that pip uses (find-links), and run Preflight again.",
            commands=(shell("pip wheel --no-deps {}", name),),
        )


def _truncate_reason(reason: str) -> tuple[str, ...]:
    """Return the first lines of an explanation and its hints, which come last."""
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    first_hint = next((at for at, line in enumerate(lines) if HINT.match(line)), len(lines))
    hints = lines[first_hint:][:MAX_REASON_LINES]
    return (*lines[:first_hint][:MAX_REASON_LINES], *hints)
