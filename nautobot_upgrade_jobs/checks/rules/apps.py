"""Apps that refuse the target, each other, or that core has absorbed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ...catalog import AppConflict, Catalog, ConflictingApp, MergedApp
from ...catalog.target_release import Target
from ...facts import App, Apps, Migrations, Runtime, Tables, Unavailable
from ...facts.resolution import Resolution
from ...migration_graph.history import History
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural, truncate_list

APPS = "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/installation/app-install/"


@check()
def incompatible_with_target(
    apps: Apps, target: Target, resolution: Resolution | Unavailable
) -> Iterator[Finding]:
    """Every enabled App admits the target, by its own metadata and its own limits.

    An App of which the package index has a release that does is no finding here.

    Why: one App that refuses to load stops every command of Nautobot, `migrate` included. Newer
        Apps state their limit only in the metadata of their distribution.
    Fix: upgrade the App in the same step, to a release that admits the target; if there is none,
        disable it or wait.
    """
    releases = () if isinstance(resolution, Unavailable) else resolution.apps
    answered = {one.distribution for one in releases}
    for app in apps.enabled:
        refusals = _incompatibility_reasons(app, target.version)
        if refusals and canonicalize_name(app.distribution) not in answered:
            yield Finding(
                severity=Severity.BLOCKER,
                subject=app.module,
                message=f"The App {app.distribution or app.module} {app.version} does not admit "
                f"Nautobot {target.version}: {'; '.join(refusals)}.",
                remediation="Find the release of the App that admits the target and install both "
                "in one step; or remove the App from PLUGINS for as long as there is none.",
                phase=Phase.BOOT,
                impact=Impact.OUTAGE,
                commands=(
                    f"pip install --dry-run nautobot=={target.version} "
                    f"{shlex.quote(app.distribution or app.module)}",
                ),
                references=(APPS,),
            )


def _incompatibility_reasons(app: App, version: str) -> list[str]:
    refusals = [
        f"its metadata asks for nautobot {specifier}"
        for specifier in app.nautobot_requirements
        if not _specifier_allows(specifier, version)
    ]
    if app.min_version and _is_below(version, app.min_version):
        refusals.append(f"its min_version is {app.min_version}")
    if app.max_version and _is_below(app.max_version, version):
        refusals.append(f"its max_version is {app.max_version}")
    return refusals


def _specifier_allows(specifier: str, version: str) -> bool:
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True  # `undeclared` reports it


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _is_below(version: str, limit: str) -> bool:
    try:
        return Version(version) < Version(limit)
    except InvalidVersion:
        return False


@check()
def no_nautobot_bound(apps: Apps) -> Iterator[Finding]:
    """Every enabled App says which Nautobot it supports.

    Why: an App without any limit is accepted by every installer and breaks when it is imported.
    Fix: read the App's compatibility notes, or try it on a copy of this installation.
    """
    for app in apps.enabled:
        unreadable = [text for text in app.nautobot_requirements if not _is_specifier(text)]
        if unreadable or not (app.nautobot_requirements or app.min_version or app.max_version):
            says = f"says it unreadably: {unreadable[0]}" if unreadable else "does not say"
            yield Finding(
                severity=Severity.WARNING,
                subject=app.module,
                message=f"Which Nautobot it supports, the App {app.distribution or app.module} "
                f"{app.version} {says}.",
                remediation="Read its compatibility notes and try it with the target on a copy.",
                phase=Phase.BOOT,
                impact=Impact.OUTAGE,
                references=(APPS,),
            )


@check(stage="both")
def conflicting(apps: Apps, catalog: Catalog) -> Iterator[Finding]:
    """No two enabled Apps refuse to run beside each other.

    Why: SSoT and ChatOps have absorbed a number of small Apps and raise an error at start while one
        of them is still enabled, so the upgrade of one App takes the whole server down.
    Fix: remove the absorbed App from PLUGINS, move its settings, and drop its requirement.
    """
    enabled = {app.module: app for app in apps.enabled}
    reported = set()
    for conflict in catalog.app_conflicts:
        for absorbed in conflict.conflicts:
            if absorbed.module in enabled:
                reported.add(absorbed.module)
                yield _build_conflict_finding(conflict, absorbed, apps)
    for app in apps.enabled:
        for module in sorted(set(app.conflicts) & set(enabled) - reported):
            yield Finding(
                severity=Severity.BLOCKER,
                subject=module,
                message=f"The App {app.module} declares that it does not run beside {module}.",
                remediation=f"Remove {module} from PLUGINS, after reading what replaces it in "
                f"{app.module}.",
                phase=Phase.BOOT,
                impact=Impact.OUTAGE,
                references=(APPS,),
            )


def _build_conflict_finding(conflict: AppConflict, absorbed: ConflictingApp, apps: Apps) -> Finding:
    both = conflict.app in {app.module for app in apps.enabled}
    steps = [f"Remove {absorbed.module} from PLUGINS"]
    if absorbed.config_from in apps.configured:
        steps.append(
            f"move PLUGINS_CONFIG['{absorbed.config_from}'] to "
            f"PLUGINS_CONFIG['{absorbed.config_to}']"
            + (f" under names that begin with {absorbed.prefix}" if absorbed.prefix else "")
        )
    if absorbed.enable_setting:
        steps.append(f"switch the integration on with '{absorbed.enable_setting}'")
    steps.append(f"drop the requirement {absorbed.distribution}")
    override = (
        f" Do not rely on {conflict.override}: {conflict.override_warning}"
        if conflict.override
        else ""
    )
    return Finding(
        severity=Severity.BLOCKER if both else Severity.WARNING,
        subject=absorbed.module,
        message=f"{absorbed.module} is part of {conflict.distribution} since its release "
        f"{absorbed.since}, which refuses to start beside it.",
        remediation="; ".join(steps) + f".{override}",
        phase=Phase.BOOT,
        impact=Impact.OUTAGE,
        references=(conflict.reference,),
    )


REMOVAL_CAVEAT = (
    " From then on what it does is off, until the upgrade; to take it out in the window itself, "
    "accept this finding by its key."
)


@check()
def merged_into_core(apps: Apps, target: Target, catalog: Catalog) -> Iterator[Finding]:
    """No enabled App has become part of Nautobot itself.

    Why: the target refuses to start with some of them, and leaves the data of others behind.
    Fix: follow the App's own way over; some tables must stay until core has taken them.
    """
    enabled = {app.module: canonicalize_name(app.distribution) for app in apps.enabled}
    for one in catalog.merged_apps:
        if not target.crosses(one.since) or one.module not in {*enabled, *apps.configured}:
            continue
        blocks = one.blocks_startup or (one.module in enabled and not one.data_migrated)
        name = enabled.get(one.module)
        yield Finding(
            severity=Severity.BLOCKER if blocks else Severity.WARNING,
            subject=one.module,
            message=f"{one.module} became {one.core_app} in Nautobot {one.since}; "
            + (
                "its data is carried over."
                if one.data_migrated
                else "its data is not carried over."
            ),
            remediation=one.remediation + (REMOVAL_CAVEAT if one.module in enabled else ""),
            supersedes=(("packages.no_compatible_release", name),) if name else (),
            phase=Phase.BOOT,
            impact=Impact.OUTAGE if one.blocks_startup else Impact.DATA_LOSS,
            commands=tuple(f"{line}  # in the new environment only" for line in one.commands),
            references=(one.reference,),
        )


@check()
def unsupported_python(apps: Apps, runtime: Runtime) -> Iterator[Finding]:
    """Every enabled App supports the running Python.

    Why: an App that was installed for another interpreter is refused by the installer as soon as
        the environment is built anew, which an upgrade is the usual occasion for.
    Fix: choose an interpreter that Nautobot and all Apps support, or upgrade the App.
    """
    for app in apps.enabled:
        if app.requires_python and not _specifier_allows(app.requires_python, runtime.python):
            yield Finding(
                severity=Severity.WARNING,
                subject=app.module,
                message=f"The App {app.distribution} {app.version} asks for Python "
                f"{app.requires_python}; this one is {runtime.python}.",
                remediation="Upgrade the App, or run Nautobot on a Python that both support.",
                phase=Phase.BOOT,
                impact=Impact.OUTAGE,
                references=(APPS,),
            )


@check(stage="both")
def orphaned_data(
    migrations: Migrations, tables: Tables, target: Target, catalog: Catalog
) -> Iterator[Finding]:
    """No App that is not enabled has left tables or migrations behind.

    Why: tables with foreign keys into core stop a migration that alters the other end; an App that
        is enabled again later finds a history that no longer fits.
    Fix: enable the App again and upgrade it with the rest, or remove it for good, with its tables.
        The tables of an App that core is going to take over stay until it has.
    """
    owned = set(tables.model_tables)
    absorbed = {one.module: one for one in catalog.merged_apps if one.data_migrated}
    for label, recorded in History(migrations).abandoned.items():
        heir = absorbed.get(label)
        if heir and target.crosses(heir.since):
            continue  # a migration on this way reads these tables
        orphans = [
            table
            for table in tables.tables
            if table.name.startswith(f"{label}_") and table.name not in owned
        ]
        count = sum(table.rows for table in orphans)
        yield Finding(
            severity=Severity.INFO if heir else Severity.WARNING,
            subject=label,
            message=f"The App {label} is not enabled, but has "
            f"{plural(recorded, 'recorded migration')} and {plural(len(orphans), 'table')} "
            f"with {plural(count, 'row')}.",
            remediation=_describe_remediation(heir, target),
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            evidence=truncate_list(
                tuple(f"{table.name}: {plural(table.rows, 'row')}" for table in orphans)
            ),
            references=(heir.reference if heir else APPS,),
        )


def _describe_remediation(heir: MergedApp | None, target: Target) -> str:
    """Return what to do with the tables of an App that is not enabled."""
    if heir is None:
        return (
            "Enable it and upgrade it with the rest; or, if it is not wanted, enable it once more "
            "in the installed release and run `migrate` for it to `zero`, after a backup."
        )
    if Version(target.version) < Version(heir.since):
        return f"Keep the tables: the upgrade to {heir.since} reads them into {heir.core_app}."
    return f"{heir.core_app} has taken its data over; after a backup the tables can be dropped."
