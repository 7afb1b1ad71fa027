"""What another release explains by itself: its packages, its migrations, its Jobs."""

from __future__ import annotations

from functools import cached_property

from packaging.version import InvalidVersion, Version

from ..facts import Facts, Unavailable
from .difference import Difference, Explanation
from .package_requirements import Requirements, explained


class Releases:
    """The releases of core and of Apps on both sides."""

    def __init__(self, before: Facts, after: Facts) -> None:
        self._before, self._after = before, after

    @cached_property
    def versions(self) -> tuple[Version, Version]:
        """Nautobot's release on both sides; pre-releases count as what they lead to."""
        runtimes = (self._before.runtime, self._after.runtime)
        old, new = (
            base_version("0" if isinstance(one, Unavailable) else one.nautobot) for one in runtimes
        )
        return old, new

    @cached_property
    def newer(self) -> frozenset[str]:
        """Modules of core and of Apps that have a newer version than before, or are new."""
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
        if difference.subject in ("Nautobot", "nautobot"):  # an older one is for the operator
            newer = self.versions[0] < self.versions[1]
            return Explanation("This is the upgrade.") if newer else None
        if difference.section == "packages":
            return self._package(difference)
        if difference.section == "files.distributions":
            return self._files_of_package(difference)
        if difference.section == "migrations":
            return self._migration(difference)
        if difference.section == "installation":
            return self._environment(difference)
        if difference.section == "ui_registry.app_pages":
            return self._page(difference)
        return self._job(difference)

    def _package(self, difference: Difference) -> Explanation | None:
        if self._requirements is None:
            return None
        was, now = difference.before, difference.after
        reason = explained(difference.subject, was, now, *self._requirements)
        return Explanation(reason) if reason else None

    @cached_property
    def _requirements(self) -> tuple[Requirements, Requirements] | None:
        """Read once: a comparison asks for each distribution that changed."""
        old, new = self._before, self._after
        if isinstance(old.packages, Unavailable) or isinstance(old.runtime, Unavailable):
            return None
        if isinstance(new.packages, Unavailable) or isinstance(new.runtime, Unavailable):
            return None
        return (
            Requirements(old.packages, old.runtime.python),
            Requirements(new.packages, new.runtime.python),
        )

    def _files_of_package(self, difference: Difference) -> Explanation | None:
        """Another version brings other files; that it is another one stands under packages."""
        if self._requirements is None:
            return None
        old, new = self._requirements
        if old.version_of(difference.subject) != new.version_of(difference.subject):
            return Explanation("Its version changed.")
        if self._rebuilt and self._pythons[0] != self._pythons[1]:
            return Explanation("It was built for another Python.")
        return None

    def _migration(self, difference: Difference) -> Explanation | None:
        """An upgrade records the migrations it brings; a way back forgets those it takes."""
        migrations = self._after.migrations
        if isinstance(migrations, Unavailable):
            return None
        on_disk = any(one.key == difference.subject for one in migrations.on_disk)
        if difference.how == "added" and on_disk and self.newer:
            return Explanation("The release has it.")
        if difference.how == "gone" and not on_disk and self.versions[0] > self.versions[1]:
            return Explanation("The release does not have it.")
        return None

    def _environment(self, difference: Difference) -> Explanation | None:
        if difference.subject in ("environment", "Python") and self.newer and self._rebuilt:
            return Explanation("The release was installed into an environment of its own.")
        return None

    def _page(self, difference: Difference) -> Explanation | None:
        """A release of an App may move and remove its pages; those of others it may not."""
        for module in self.newer & set(difference.subject.split(":")):
            return Explanation(f"A newer release of {module} changes its pages.")
        return None

    def _job(self, difference: Difference) -> Explanation | None:
        if not difference.section.startswith("automation.") or difference.how != "added":
            return None
        for module in self.newer:
            if difference.subject.startswith(f"{module}."):
                return Explanation(f"A newer release of {module} brings it.")
        return None

    @property
    def _rebuilt(self) -> bool:
        """Whether the newer state runs in another environment."""
        old, new = self._before.runtime, self._after.runtime
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return False
        return old.prefix != new.prefix

    @property
    def _pythons(self) -> tuple[str, ...]:
        runtimes = (self._before.runtime, self._after.runtime)
        return tuple(
            "" if isinstance(one, Unavailable) else one.python.rpartition(".")[0]
            for one in runtimes
        )


def base_version(text: str) -> Version:
    """Return a version without its suffix; what is none is below all."""
    try:
        return Version(Version(text).base_version)
    except InvalidVersion:
        return Version("0")
