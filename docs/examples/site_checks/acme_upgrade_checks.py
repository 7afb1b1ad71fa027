"""A check of our own: no upgrade while the tag "change-freeze" exists."""

from collections.abc import Iterator
from dataclasses import dataclass

from nautobot_upgrade_jobs.checks.build import blocker
from nautobot_upgrade_jobs.checks.findings import Finding, Impact, Phase
from nautobot_upgrade_jobs.checks.registry import check
from nautobot_upgrade_jobs.collect.context import Context

TAG = "change-freeze"


@dataclass(frozen=True)
class ChangeFreeze:
    """Whether the tag exists. A check reads what a collector returns, by its type."""

    is_active: bool


def collect_change_freeze(context: Context) -> ChangeFreeze:
    """Read the tags, in the read-only session of the run."""
    with context.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM extras_tag WHERE name = %s", [TAG])
        return ChangeFreeze(cursor.fetchone()[0] > 0)


COLLECTORS = (collect_change_freeze,)
CATALOG = {
    "settings": {
        "removed": [
            {
                "name": "ACME_PORTAL",
                "removed_in": "3.0.0",
                "effect": "ignored",
                "reference": "https://wiki.example.com/acme-portal",
            }
        ]
    }
}
"""Rows for the catalog: a setting of our App that Nautobot 3 no longer reads."""


@check(stage="preflight", phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def change_freeze(freeze: ChangeFreeze) -> Iterator[Finding]:
    """No change freeze is active.

    Why: during a change freeze, an upgrade needs an exception of the change board.
    Fix: wait until the freeze ends, or ask for an exception.
    """
    if freeze.is_active:
        yield blocker(
            TAG,
            f"The tag {TAG} exists.",
            fix="Delete the tag when the freeze has ended.",
        )
