"""Models and migrations of the installed code: do they agree?"""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import App, Apps, ExpectedSchema, require
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..registry import check
from ..remediation import shell
from ..text import plural, truncate_list

APP_MIGRATION = "https://docs.nautobot.com/projects/core/en/stable/development/apps/migration/"


REINSTALL = "pip install --force-reinstall --no-deps"


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.OUTAGE, see=(APP_MIGRATION,))
def missing_migrations(models: ExpectedSchema, apps: Apps, catalog: Catalog) -> Iterator[Finding]:
    """Every model agrees with the migrations of its App.

    Why: the code reads and writes the columns that its models declare. A column that no migration
        creates is not in the database. `makemigrations` would hide this behind a migration of your
        own, which collides with the App's next one.
    Fix: install a clean copy of the App, or its next release. Never run `makemigrations` for it.
    """
    enabled = {app.label: app for app in apps.enabled}
    for label, operations in require(models.missing_migrations).items():
        message = (
            f"The models of {label} contain {plural(len(operations), 'change')} without a "
            "migration."
        )
        if label in catalog.core_apps:
            yield blocker(
                label,
                message,
                fix="In every release of Nautobot, the migrations match the models. Here, files "
                "were edited, or they come from two releases. Build a new environment with this "
                "release. Do not run makemigrations.",
                evidence=truncate_list(operations),
            )
        else:
            name, requirement = _release_and_requirement(label, enabled.get(label))
            yield warning(
                label,
                message,
                fix=f"Reinstall {name}. If the finding remains, it is a bug of that release. "
                "Report it to the maintainers, and upgrade when it is fixed. Do not run "
                "makemigrations.",
                commands=(shell(f"{REINSTALL} {{}}", requirement),),
                evidence=truncate_list(operations),
            )


def _release_and_requirement(label: str, app: App | None) -> tuple[str, str]:
    """Return the name and the exact requirement of an App's release."""
    if app is None or not app.distribution:
        return label, label
    return f"{app.distribution} {app.version}", f"{app.distribution}=={app.version}"
