"""The packages that an upgrade installs."""

from __future__ import annotations

from dataclasses import dataclass

from ..common.files import CONSTRAINTS
from .steps import pip_source_options

INSTALL = "python -m pip install"
PINNED_SET = f"--require-hashes --requirement {CONSTRAINTS}"


@dataclass(frozen=True)
class TargetPackages:
    """The target's release, and from where its packages are installed."""

    release: str
    has_constraints: bool
    """Whether there is a ``constraints.txt``."""
    wheel_directory: str = ""
    """Folder to install from instead of the package index."""
    not_in_set: tuple[str, ...] = ()
    """``name==version`` of installed packages that are on no index. The package set lacks them."""

    @property
    def install_command(self) -> str:
        """The command that installs the packages into the active environment."""
        what = PINNED_SET if self.has_constraints else f"--upgrade nautobot=={self.release}"
        return f"{INSTALL}{pip_source_options(self.wheel_directory)} {what}"

    @property
    def why(self) -> str:
        """Why the packages are installed in one step, and which are missing."""
        why = (
            "Install all packages in one step. If you install them one by one, a package can "
            "change the version that another package needs."
        )
        if self.not_in_set:
            why += (
                f" {', '.join(self.not_in_set)}: installed from a file or on no index, and "
                "therefore not in the package set. Install it into a new environment from its "
                "source."
            )
        return why
