"""Install packages from the requirements files of a rollback, and prove what is installed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from ..facts import Unavailable
from ..rollback.package_set import RollbackPlan
from ..upgrade.package_changes import INSTALLER_PACKAGES
from .steps import Step, pip_source_options

IMPORT_VERSION = "from importlib.metadata import version"


def install_pinned_set(plan: RollbackPlan, *more: str) -> Step:
    """Return the step that installs the previous packages, and removes those that were added.

    Args:
        plan: The rollback.
        more: Commands to run afterwards.
    """
    added = " ".join(map(shlex.quote, _added_distributions(plan)))
    source = pip_source_options(plan.wheel_directory)
    return Step(
        "Install the previous packages",
        "The packages are pinned. pip would otherwise resolve other versions for an old release.",
        (
            *(
                f"python -m pip install{source} --no-deps --requirement {file}"
                for file in plan.requirements_files
            ),
            *((f"python -m pip uninstall --yes {added}",) if added else ()),
            *more,
        ),
        version_assertion(plan.named_versions) if plan.named_versions else "python -m pip check",
    )


def format_versions(versions: Iterable[tuple[str, str]]) -> str:
    """Return distributions and versions as text, such as ``nautobot-ssot==4.6.1``."""
    return ", ".join(f"{name}=={version}" for name, version in versions)


def version_assertion(versions: Iterable[tuple[str, str]]) -> str:
    """Return a command that fails unless these versions are installed. 1.0 is equal to 1.0.0."""
    parse = "from packaging.version import Version as V"
    assertions = (f"assert V(version({name!r})) == V({one!r})" for name, one in versions)
    return shlex.join(["python", "-c", "; ".join((IMPORT_VERSION, parse, *assertions))])


def _added_distributions(plan: RollbackPlan) -> list[str]:
    """Return the distributions that the newer release added."""
    current, previous = plan.current_packages, plan.previous_packages
    if isinstance(current, Unavailable) or isinstance(previous, Unavailable):
        return []
    old = {canonicalize_name(package.name) for package in previous.installed}
    new = {canonicalize_name(package.name) for package in current.installed if not package.local}
    return sorted(new - old - INSTALLER_PACKAGES)
