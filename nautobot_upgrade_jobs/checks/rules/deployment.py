"""How Nautobot is deployed, and what the settings state about it."""

from __future__ import annotations

from collections.abc import Iterator

from ...deployment.known import resolve_deployment
from ...facts import Database, Deployment
from ..build import warning
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check
from ..remediation import shell


@check(stage="both", phase=Phase.BOOT, impact=Impact.OUTAGE)
def contradicts_setting(deployment: Deployment, database: Database) -> Iterator[Finding]:
    """What the setting `deployment` states agrees with what this process sees.

    Why: the plans of upgrade and rollback contain commands for the deployment that the setting
        states. In another deployment these commands fail or do something else.
    Fix: correct the setting.
    """
    known = resolve_deployment(deployment, database)
    for contradiction in known.contradictions:
        yield warning(
            contradiction.key,
            contradiction.text,
            fix=f"Correct the key {contradiction.key} of the setting deployment, or remove it.",
            evidence=(f"host: {deployment.host}", f"pod: {deployment.pod or 'none'}"),
        )


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def unit_bypasses_link(deployment: Deployment) -> Iterator[Finding]:
    """Each unit names the symbolic link, not the folder of one release.

    Why: the switch of the link does not change what such a unit starts. After the upgrade it runs
        the old release on the new schema.
    Fix: name the link in `ExecStart`, reload systemd, and restart the unit.
    """
    release = deployment.release
    if release is None:
        raise NotApplicable("no symbolic link leads to the folder of the release")
    for unit in deployment.units:
        if unit.program.startswith(f"{release.folder}/"):
            yield warning(
                unit.name,
                f"{unit.name} starts {unit.program}, which is in the folder of the installed "
                "release.",
                fix=f"In {unit.file}, write {release.link} instead of {release.folder}.",
                commands=(
                    shell("sudo systemctl daemon-reload"),
                    shell("sudo systemctl restart {}", unit.name),
                ),
                evidence=(f"{unit.file}: ExecStart={unit.program} …",),
            )
