"""Explain differences by another release of Nautobot or of an App."""

from __future__ import annotations

from functools import cached_property

from packaging.version import InvalidVersion, Version

from ..facts import Facts, Unavailable
from ..upgrade.package_requirements import PackageRequirements, explain_version_change
from .difference import Difference, Explanation, Item, State


class ReleaseChanges:
    """The releases of Nautobot and the Apps in two states."""

    def __init__(self, before: Facts, after: Facts) -> None:
        self._before, self._after = before, after

    @cached_property
    def versions(self) -> tuple[Version, Version]:
        """Nautobot's release before and after. A pre-release counts as its final release."""
        runtimes = (self._before.runtime, self._after.runtime)
        old, new = (
            base_version("0" if isinstance(runtime, Unavailable) else runtime.nautobot)
            for runtime in runtimes
        )
        return old, new

    @cached_property
    def upgraded_modules(self) -> frozenset[str]:
        """Modules of Nautobot and Apps that are new or have a newer version than before."""
        core = frozenset({"nautobot"} if self.versions[0] < self.versions[1] else ())
        old, new = self._before.apps, self._after.apps
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return core
        versions = {app.module: base_version(app.version) for app in old.enabled}
        return core | {
            app.module
            for app in new.enabled
            if app.module not in versions or versions[app.module] < base_version(app.version)
        }

    def explain(self, difference: Difference) -> Explanation | None:
        """Explain a difference of installation, packages, migrations or Jobs."""
        if difference.subject in ("Nautobot", "nautobot"):  # A downgrade is unexpected.
            newer = self.versions[0] < self.versions[1]
            return Explanation("This is the upgrade.") if newer else None
        if difference.section == "packages":
            return self._explain_package(difference)
        if difference.section == "files.distributions":
            return self._explain_package_files(difference)
        if difference.section == "migrations":
            return self._explain_migration(difference)
        if difference.section == "installation":
            return self._explain_environment(difference)
        if difference.section == "ui_registry.app_pages":
            return self._explain_page(difference)
        return self._explain_job(difference)

    def _explain_package(self, difference: Difference) -> Explanation | None:
        if self._requirements is None:
            return None
        old, new = _description(difference.before), _description(difference.after)
        reason = explain_version_change(difference.subject, old, new, *self._requirements)
        return Explanation(reason) if reason else None

    @cached_property
    def _requirements(self) -> tuple[PackageRequirements, PackageRequirements] | None:
        """Requirements of all distributions before and after, parsed only once."""
        old, new = self._before, self._after
        if isinstance(old.packages, Unavailable) or isinstance(old.runtime, Unavailable):
            return None
        if isinstance(new.packages, Unavailable) or isinstance(new.runtime, Unavailable):
            return None
        return (
            PackageRequirements(old.packages, old.runtime.python),
            PackageRequirements(new.packages, new.runtime.python),
        )

    def _explain_package_files(self, difference: Difference) -> Explanation | None:
        """Explain other files by another version. The section packages lists the version."""
        if self._requirements is None:
            return None
        old, new = self._requirements
        if old.version_of(difference.subject) != new.version_of(difference.subject):
            return Explanation("Its version changed.")
        if self._environment_changed and self._pythons[0] != self._pythons[1]:
            return Explanation("It was built for another Python.")
        return None

    def _explain_migration(self, difference: Difference) -> Explanation | None:
        """Explain new records by an upgrade, and missing records by a rollback."""
        if isinstance(self._after.migrations, Unavailable):
            return None
        on_disk = difference.subject in self._migrations_on_disk
        if difference.change_kind == "added" and on_disk and self.upgraded_modules:
            return Explanation("The release contains it.")
        if difference.change_kind == "gone" and not on_disk and self.versions[0] > self.versions[1]:
            return Explanation("The release does not contain it.")
        return None

    @cached_property
    def _migrations_on_disk(self) -> frozenset[str]:
        migrations = self._after.migrations
        if isinstance(migrations, Unavailable):
            return frozenset()
        return frozenset(each.key for each in migrations.on_disk)

    def _explain_environment(self, difference: Difference) -> Explanation | None:
        if (
            difference.subject in ("environment", "Python")
            and self.upgraded_modules
            and self._environment_changed
        ):
            return Explanation("The release was installed into a separate environment.")
        return None

    def _explain_page(self, difference: Difference) -> Explanation | None:
        """Explain moved and removed pages of an App by a newer release of this App."""
        for module in self.upgraded_modules & set(difference.subject.split(":")):
            return Explanation(f"A newer release of {module} changes its pages.")
        return None

    def _explain_job(self, difference: Difference) -> Explanation | None:
        if not difference.section.startswith("automation.") or difference.change_kind != "added":
            return None
        for module in self.upgraded_modules:
            if difference.subject.startswith(f"{module}."):
                return Explanation(f"A newer release of {module} contains it.")
        return None

    @property
    def _environment_changed(self) -> bool:
        """Return whether the newer state runs in another environment."""
        old, new = self._before.runtime, self._after.runtime
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return False
        return old.prefix != new.prefix

    @property
    def _pythons(self) -> tuple[str, ...]:
        runtimes = (self._before.runtime, self._after.runtime)
        return tuple(
            "" if isinstance(runtime, Unavailable) else runtime.python.rpartition(".")[0]
            for runtime in runtimes
        )


def base_version(text: str) -> Version:
    """Return a version without its suffix; 0 if the text is not a version."""
    try:
        return Version(Version(text).base_version)
    except InvalidVersion:
        return Version("0")


def _description(state: State | None) -> str | None:
    return state.description if isinstance(state, Item) else None
