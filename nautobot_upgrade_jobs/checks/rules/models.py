"""Models beside migrations: does the code itself hang together?"""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import Apps, ExpectedSchema, require
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural, truncate_list

MIGRATIONS = "https://docs.nautobot.com/projects/core/en/stable/development/apps/migration/"


@check(stage="verify")
def missing_migrations(models: ExpectedSchema, apps: Apps, catalog: Catalog) -> Iterator[Finding]:
    """Every model is as the migrations of its App leave it.

    Why: the code reads and writes columns as its models state them; what no migration makes is not
        in the database. `makemigrations` would silence this by a migration of your own, which
        collides with the App's next one.
    Fix: install a clean copy of the App, or its next release; never run `makemigrations` for it.
    """
    distributions = {app.label: app for app in apps.enabled}
    for label, operations in require(models.missing_migrations).items():
        app = distributions.get(label)
        core = label in catalog.core_apps
        name = f"{app.distribution} {app.version}" if app and app.distribution else label
        owner = "Nautobot's own code" if core else name
        yield Finding(
            severity=Severity.BLOCKER if core else Severity.WARNING,
            subject=label,
            message=f"{plural(len(operations), 'change')} in the models of {label} that no "
            "migration makes.",
            remediation=(
                "A release of Nautobot never has such; its files were edited, or are those of "
                "two releases. Reinstall it into a clean environment."
                if core
                else f"Reinstall {owner}. If it stays, it is a mistake in that release: report it "
                "to its maintainers, and upgrade when it is mended."
            )
            + " Do not run makemigrations.",
            phase=Phase.RUNTIME,
            impact=Impact.OUTAGE,
            commands=(
                f"pip install --force-reinstall --no-deps {_pinned_requirement(label, app, core)}",
            ),
            evidence=truncate_list(operations),
            references=(MIGRATIONS,),
        )


def _pinned_requirement(label: str, app: object, core: bool) -> str:
    if core:
        return 'nautobot=="$(nautobot-server version)"'
    distribution, version = getattr(app, "distribution", ""), getattr(app, "version", "")
    return f"{distribution}=={version}" if distribution else label
