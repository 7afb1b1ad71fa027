"""Apps that are incompatible with the target, with each other or with what core includes now."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ...catalog import Catalog, MergedApp
from ...catalog.target_release import Target
from ...facts import App, Apps, Migrations, Packages, Runtime, Tables, Unavailable
from ...facts.resolution import Resolution
from ...migration_graph.history import MigrationHistory
from ...upgrade.package_changes import keeps_release
from ..app_conflicts import conflict_finding, orphaned_settings_findings
from ..build import blocker, finding, warning
from ..findings import Finding, FindingRef, Impact, Phase, Severity
from ..references import APP_INSTALLATION
from ..registry import check
from ..remediation import When, shell
from ..text import plural, truncate_list

SEE = (APP_INSTALLATION,)


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=SEE, when=When.WINDOW)
def incompatible_with_target(
    apps: Apps, target: Target, resolution: Resolution | Unavailable
) -> Iterator[Finding]:
    """Every enabled App supports the target, by its metadata and by its version limits.

    An App of which the upgrade installs another release is not reported here.

    Why: one App that refuses to load stops every command of Nautobot, `migrate` included. Newer
        Apps declare their limit only in the metadata of their distribution.
    Fix: upgrade the App in the same step to a release that supports the target. If there is none,
        disable the App or wait.
    """
    releases = () if isinstance(resolution, Unavailable) else resolution.apps
    # The limits of the installed release say nothing about another one, which the upgrade installs.
    replaced = {each.distribution for each in releases if not keeps_release(each)}
    for app in apps.enabled:
        reasons = _incompatibility_reasons(app, target.version)
        if reasons and canonicalize_name(app.distribution) not in replaced:
            name = app.distribution or app.module
            yield blocker(
                app.module,
                f"The App {name} {app.version} does not support Nautobot {target.version} because "
                f"{' and '.join(reasons)}.",
                fix="In the documentation of the App, find a release that supports the target. "
                "pip does not check min_version and max_version. Install the release "
                "together with Nautobot in one pip command. The command below only tests "
                "whether pip can install both. If no release supports the target, remove the App "
                "from PLUGINS before you install the target.",
                commands=(
                    shell(
                        "pip install --dry-run --upgrade {} {}", f"nautobot=={target.version}", name
                    ),
                ),
            )


def _incompatibility_reasons(app: App, version: str) -> list[str]:
    reasons = [
        f"its metadata requires nautobot {specifier}"
        for specifier in app.nautobot_requirements
        if not _specifier_allows(specifier, version)
    ]
    if app.min_version and _is_below(version, app.min_version):
        reasons.append(f"its min_version is {app.min_version}")
    if app.max_version and _is_below(app.max_version, version):
        reasons.append(f"its max_version is {app.max_version}")
    return reasons


def _specifier_allows(specifier: str, version: str) -> bool:
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True  # `no_nautobot_bound` reports it


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
        return False  # `no_nautobot_bound` reports it


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=SEE)
def no_nautobot_bound(apps: Apps) -> Iterator[Finding]:
    """Every enabled App declares the Nautobot versions it supports.

    Why: every installer accepts an App without a limit, even one that breaks when it is imported.
    Fix: read the App's compatibility notes, or test it on a copy of this installation.
    """
    for app in apps.enabled:
        limits = filter(None, (app.min_version, app.max_version))
        invalid = [
            *(text for text in app.nautobot_requirements if not _is_specifier(text)),
            *(text for text in limits if not _is_version(text)),
        ]
        if invalid or not (app.nautobot_requirements or app.min_version or app.max_version):
            name = f"{app.distribution or app.module} {app.version}"
            yield warning(
                app.module,
                f"The App {name} declares its supported Nautobot versions in an invalid format: "
                f"{invalid[0]!r}."
                if invalid
                else f"The App {name} does not declare which Nautobot versions it supports.",
                fix="Read the App's compatibility notes, and test the App with the target on a "
                "copy of this installation.",
            )


@check(stage="both", phase=Phase.BOOT, impact=Impact.OUTAGE, see=SEE)
def conflicting(apps: Apps, catalog: Catalog) -> Iterator[Finding]:
    """No two enabled Apps conflict with each other.

    Why: SSoT and ChatOps include former Apps. If such a former App is still enabled, SSoT or
        ChatOps raises an error at start. The upgrade of one App then stops the whole server.
    Fix: remove the included App from PLUGINS, move its settings, and remove its requirement.
    """
    enabled = {app.module for app in apps.enabled}
    reported = set()
    for conflict in catalog.app_conflicts:
        for included in conflict.conflicts:
            if included.module in enabled:
                reported.add(included.module)
                yield conflict_finding(conflict, included, apps)
    for app in apps.enabled:
        for module in sorted(set(app.conflicts) & enabled - reported):
            yield blocker(
                module,
                f"The App {app.module} declares a conflict with the App {module}.",
                fix=f"Read in the documentation of {app.module} what replaces {module}. Then "
                f"remove {module} from PLUGINS.",
            )


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=SEE)
def orphaned_settings(apps: Apps, packages: Packages, catalog: Catalog) -> Iterator[Finding]:
    """If an App includes a former App, the former App has no settings and no distribution any more.

    Why: nothing reads the settings under the former name, so the integration runs with its defaults
        or does not run. A later installation can enable the former App again.
    Fix: move the settings to the App that includes the former App, and remove the former App from
        the requirements.
    """
    enabled = {app.module for app in apps.enabled}
    for conflict in catalog.app_conflicts:
        for included in conflict.conflicts if conflict.app in enabled else ():
            if included.module not in enabled:
                yield from orphaned_settings_findings(conflict, included, apps, packages)


REMOVAL_CAVEAT = (
    " If you remove the App only in the maintenance window, accept this finding by its key. "
    "Preflight then does not block."
)


@check(phase=Phase.BOOT, when=When.WINDOW)
def merged_into_core(apps: Apps, target: Target, catalog: Catalog) -> Iterator[Finding]:
    """No enabled App has become part of Nautobot itself.

    Why: the target refuses to start with some of these Apps, and loses the data of others.
    Fix: follow the App's migration instructions. Some tables must remain until core has read them.
    """
    enabled = {app.module: canonicalize_name(app.distribution) for app in apps.enabled}
    for merged in catalog.merged_apps:
        module = merged.module
        if not target.crosses(merged.since) or module not in {*enabled, *apps.configured}:
            continue
        blocks = merged.blocks_startup or (module in enabled and not merged.data_migrated)
        distribution = enabled.get(module)
        yield finding(
            Severity.BLOCKER if blocks else Severity.WARNING,
            module,
            _describe_merge(merged),
            fix=merged.remediation + (REMOVAL_CAVEAT if module in enabled else ""),
            impact=Impact.OUTAGE if merged.blocks_startup else Impact.DATA_LOSS,
            commands=tuple(map(shell, merged.commands)),
            names=(merged.core_app,),
            see=(merged.reference,),
            supersedes=(
                (FindingRef("packages.no_compatible_release", distribution),)
                if distribution
                else ()
            ),
        )


def _describe_merge(merged: MergedApp) -> str:
    copies = f"{'A' if merged.data_migrated else 'No'} migration copies its data."
    if not merged.blocks_startup:
        return f"{merged.module} became {merged.core_app} in Nautobot {merged.since}. {copies}"
    return (
        f"Nautobot {merged.since} and later do not start with {merged.module}, which became "
        f"{merged.core_app}. {copies}"
    )


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=SEE, when=When.WINDOW)
def unsupported_python(apps: Apps, runtime: Runtime) -> Iterator[Finding]:
    """Every enabled App supports the running Python.

    Why: an upgrade often rebuilds the environment. The installer then refuses every App that does
        not support the interpreter.
    Fix: choose an interpreter that Nautobot and all Apps support, or upgrade the App.
    """
    for app in apps.enabled:
        if app.requires_python and not _specifier_allows(app.requires_python, runtime.python):
            yield warning(
                app.module,
                f"The App {app.distribution} {app.version} requires Python {app.requires_python}, "
                f"but Nautobot runs on {runtime.python}.",
                fix="Upgrade the App, or run Nautobot on a Python that both support.",
            )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=SEE)
def orphaned_data(
    migrations: Migrations, tables: Tables, target: Target, catalog: Catalog
) -> Iterator[Finding]:
    """No disabled App has orphaned tables or recorded migrations.

    Why: an orphaned table with a foreign key into core stops a migration that alters the referenced
        table. If the App is enabled again later, its migration history no longer matches.
    Fix: enable the App again and upgrade it with Nautobot, or remove it and its tables. If core
        will include the App, keep its tables until core has read them.
    """
    owned = set(tables.model_tables)
    merged_apps = {merged.module: merged for merged in catalog.merged_apps if merged.data_migrated}
    for label, recorded in MigrationHistory(migrations).recorded_for_disabled_apps.items():
        successor = merged_apps.get(label)
        if successor and target.crosses(successor.since):
            continue  # a pending migration reads these tables
        orphans = [
            table
            for table in tables.tables
            if table.name.startswith(f"{label}_") and table.name not in owned
        ]
        rows = sum(table.rows for table in orphans)
        yield finding(
            Severity.INFO if successor else Severity.WARNING,
            label,
            f"The disabled App {label} has {plural(recorded, 'recorded migration')} and "
            + (
                f"{plural(len(orphans), 'table')} with {plural(rows, 'row')}."
                if orphans
                else "no tables."
            ),
            fix=_orphaned_data_remediation(label, successor, target)
            if orphans or successor is None
            else "Nothing. The App has no data to migrate.",
            evidence=truncate_list(
                tuple(f"{table.name}: {plural(table.rows, 'row')}" for table in orphans)
            ),
            see=(successor.reference,) if successor else SEE,
        )


def _orphaned_data_remediation(label: str, successor: MergedApp | None, target: Target) -> str:
    if successor is None:
        return (
            "If you need the data, enable the App, and upgrade it together with Nautobot. If you "
            "do not need the data, take a backup, enable the App in the installed release, and run "
            f"`nautobot-server migrate {label} zero`. This deletes the tables of the App."
        )
    if Version(target.version) < Version(successor.since):
        return (
            f"Keep the tables. The upgrade to {successor.since} migrates them to "
            f"{successor.core_app}."
        )
    return (
        f"{successor.core_app} has migrated the data. You can drop the tables at any time. Take a "
        "backup first."
    )
