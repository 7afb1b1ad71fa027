"""How Nautobot is deployed, and what the settings state about it."""

from __future__ import annotations

from collections.abc import Iterator

from ...deployment.known import resolve_deployment
from ...facts import Database, Deployment
from ..build import warning
from ..findings import Finding, Impact, Phase
from ..registry import check


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
