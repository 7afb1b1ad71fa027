"""Nautobot in an environment on a host, with its services under systemd."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...common.files import KEPT_CONFIGURATION, KEPT_REQUIREMENTS
from ...facts.deployment import ReleaseFolder
from ...rollback.package_set import RollbackPlan
from ..requirement_files import install_pinned_set, version_assertion
from ..steps import Step
from ..target_packages import TargetPackages
from .base import FOLDER_INSTRUCTION, WHY_START, WHY_STOP, Layout, NextPackages

CONFIGURATION = '"$NAUTOBOT_ROOT"/nautobot_config.py'
"""The usual path of the configuration."""


@dataclass(frozen=True)
class Host(Layout):
    """A virtual environment, or the packages of the system."""

    @property
    def instructions(self) -> str:
        """Run everything on the host, as the user of the services."""
        users = sorted({unit.user for unit in self.deployment.seen.units if unit.user})
        user = f"the user {' or '.join(users)}" if users else "the user of Nautobot"
        return f"{FOLDER_INSTRUCTION}, as {user}. Commands with `sudo` need a user who may use it."

    @property
    def shell_setup(self) -> tuple[str, ...]:
        """Load the environment of the services."""
        seen, runtime = self.deployment.seen, self.runtime
        named = dict.fromkeys(name for unit in seen.units for name in unit.environment_files)
        files = map(shlex.quote, named)
        values = {
            "PATH": f'{shlex.quote(f"{self._environment}/bin")}:"${{PATH}}"'
            if seen.has_own_environment
            else "",
            "NAUTOBOT_ROOT": seen.root and shlex.quote(seen.root),
            "NAUTOBOT_CONFIG": runtime.config_file and shlex.quote(runtime.config_file),
        }
        return (
            # A unit may name a file that need not exist.
            *(f"test ! -e {name} || {{ set -a; source {name}; set +a; }}" for name in files),
            *(f"export {name}={value}" for name, value in values.items() if value),
        )

    @property
    def _environment(self) -> str:
        """The environment as a shell must name it, so that it is that of the services."""
        return self.runtime.prefix

    @property
    def configuration(self) -> str:
        """The path of the configuration, quoted for the shell."""
        path = self.runtime.config_file
        return shlex.quote(path) if path else CONFIGURATION

    def nautobot(
        self, command: str, *, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()
    ) -> str:
        """Return the command itself: the shell has Nautobot's environment."""
        return command

    def prepare(self) -> Iterator[Step]:
        """Prove that the units exist."""
        yield Step(
            "Check the services",
            "These units must exist, and no other unit may run Nautobot.",
            (f"systemctl cat -- {self._units} > /dev/null",),
            role="preparation",
        )

    @property
    def _units(self) -> str:
        return shlex.join(self.deployment.services)

    @property
    def _are_active(self) -> str:
        """The command that fails unless all units are active. For several, one would be enough."""
        names = map(shlex.quote, self.deployment.services)
        return " && ".join(f"systemctl is-active -- {name}" for name in names)

    def stop_services(self) -> Step:
        """Stop the units."""
        return Step(
            "Stop web, workers and beat",
            WHY_STOP,
            (f"sudo systemctl stop -- {self._units}",),
            f"! systemctl is-active --quiet -- {self._units}",
            role="stop",
        )

    def start_services(self, packages: NextPackages) -> Step:
        """Start the units."""
        return Step(
            "Start web, workers and beat",
            WHY_START,
            (f"sudo systemctl start -- {self._units}",),
            self._are_active,
            role="start",
        )

    def save_environment(self) -> Step:
        """Save the configuration and the list of packages."""
        return Step(
            "Save the configuration and the list of installed packages",
            "Until migrations have run, a rollback means installing these packages again.",
            (
                f"cp -p {self.configuration} {KEPT_CONFIGURATION}",
                f"python -m pip freeze > {KEPT_REQUIREMENTS}",
            ),
            f"test -s {KEPT_REQUIREMENTS}",
            role="preparation",
        )

    def install(self, target: TargetPackages) -> Iterator[Step]:
        """Install into the environment that runs now."""
        yield Step(
            "Install the packages of the target",
            f"{target.why}{self._caveat}",
            (target.install_command,),
            version_assertion([("nautobot", target.release)]),
        )

    @property
    def _caveat(self) -> str:
        link = self.deployment.seen.other_link
        if self.deployment.layout != "unknown":
            return ""
        return (
            f" It is unknown whether the symbolic link {link} switches releases, because its "
            "target does not have the name of a release. This plan installs into the environment "
            "that the link leads to now, and does not change the link."
        )

    def restore_environment(self, plan: RollbackPlan) -> Iterator[Step]:
        """Install the previous packages, and restore the configuration."""
        yield install_pinned_set(plan, f"cp -p {KEPT_CONFIGURATION} {self.configuration}")

    def install_older_apps(self, plan: RollbackPlan) -> Iterator[Step]:
        """Install the previous packages."""
        yield install_pinned_set(plan)


@dataclass(frozen=True)
class GitCheckout(Host):
    """A Git checkout of Nautobot, installed into the environment."""

    def install(self, target: TargetPackages) -> Iterator[Step]:
        """Check out the target first: the environment takes the code from the checkout."""
        yield Step(
            "Check out the target",
            "local_requirements.txt, uwsgi.ini and media in the checkout are not part of the "
            "release and stay unchanged.",
            (f"{self._git} fetch --tags", f"{self._git} checkout v{target.release}"),
            f'test "$({self._git} describe --tags)" = v{target.release}',
        )
        yield from super().install(target)
        yield self._install_checkout()

    def restore_environment(self, plan: RollbackPlan) -> Iterator[Step]:
        """Check out the previous release first."""
        tag = shlex.quote(f"v{plan.release}") if plan.release else '"$OLD_TAG"'
        yield Step(
            "Check out the previous release",
            "",
            (f"{self._git} checkout {tag}",),
            f'test "$({self._git} describe --tags)" = {tag}',
        )
        yield from super().restore_environment(plan)
        yield self._install_checkout()

    def _install_checkout(self) -> Step:
        """Return the step after which the environment runs the code of the checkout again."""
        folder = shlex.quote(self.deployment.seen.checkout)
        return Step(
            "Install the checkout",
            "The package set contains Nautobot from the index. The services run the checkout.",
            (f"python -m pip install --no-deps --editable {folder}",),
            f"python -c 'import nautobot, sys; sys.exit(not nautobot.__file__.startswith(sys.argv"
            f"[1]))' {folder}",
        )

    @property
    def _git(self) -> str:
        return f"git -C {shlex.quote(self.deployment.seen.checkout)}"


@dataclass(frozen=True)
class ReleaseLink(Host):
    """A folder for each release, and a symbolic link to one of them."""

    @property
    def _release(self) -> ReleaseFolder:
        return self.deployment.seen.release or ReleaseFolder("", "")

    @property
    def _environment(self) -> str:
        # Through the link: after the switch, the same path is the environment of the target.
        return str(PurePosixPath(self._release.link, self._release.environment))

    def install(self, target: TargetPackages) -> Iterator[Step]:
        """Install a second environment, copy the operator's files, and switch the link."""
        old, folder = self._release, f"{self._release.link}-{target.release}"
        link, new = shlex.quote(old.link), shlex.quote(folder)
        environment = shlex.quote(str(PurePosixPath(folder, old.environment)))
        yield Step(
            "Install the target next to the old release",
            f"The old environment stays unchanged. {target.why}",
            (
                f"python{self.python} -m venv {environment}",
                target.install_command.replace("python -m", f"{environment}/bin/python -m", 1),
            ),
            f"{environment}/bin/nautobot-server --version",
        )
        if old.own_files:
            yield Step(
                "Copy your files into the new folder",
                "Without these files, the switch of the link would replace them by nothing.",
                (self._copy_own_files(new),),
                f"( cd {new} && ls -d {shlex.join(old.own_files)} )",
            )
        yield Step(
            "Switch the link",
            "From now on, every command runs the code of the target. Until migrations have run, a "
            "rollback means switching the link.",
            (f"ln -sfn {new} {link}",),
            version_assertion([("nautobot", target.release)]),
        )

    def _copy_own_files(self, target: str) -> str:
        """Return the command that copies the operator's files from the folder of the link."""
        source, files = shlex.quote(self._release.folder), shlex.join(self._release.own_files)
        return f"tar -C {source} -cf - {files} | tar -C {target} -xf -"

    @property
    def restarts_in_turn(self) -> bool:
        """The target is installed next to the old release."""
        return True

    def restart_services(self) -> Step:
        """Restart one unit after the other."""
        return Step(
            "Restart web, workers and beat one after another",
            "Requests wait while the web process restarts. A worker first finishes its tasks.",
            tuple(
                f"sudo systemctl restart -- {shlex.quote(name)}"
                for name in self.deployment.services
            ),
            self._are_active,
            role="start",
        )

    def restore_environment(self, plan: RollbackPlan) -> Iterator[Step]:
        """Switch the link back. The files of the operator in the newer folder are newer."""
        link = shlex.quote(self._release.link)
        copies = (self._copy_own_files('"$OLD_RELEASE"'),) if self._release.own_files else ()
        yield Step(
            "Switch the link to the previous release",
            "The previous environment was kept unchanged. Files that were written since are "
            "copied into it.",
            (
                'test -x "$OLD_RELEASE"/bin/nautobot-server -o -x "$OLD_RELEASE"/venv/bin/python',
                *copies,
                f'ln -sfn "$OLD_RELEASE" {link}',
                f"cp -p {KEPT_CONFIGURATION} {self.configuration}",
            ),
            version_assertion([("nautobot", plan.release)])
            if plan.release
            else f'test "$(readlink -f {link})" = "$(readlink -f "$OLD_RELEASE")"',
        )
