"""How Nautobot is deployed, and what the settings state about it."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ...catalog import Catalog
from ...catalog.target_release import Target
from ...deployment.known import resolve_deployment
from ...facts import Database, Deployment, Runtime
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check
from ..remediation import shell

RQ_WORKER = "rqworker"
RQ_FIX = (
    "Let the RQ worker finish its queues: what is in them is lost. Then replace the unit by one "
    "that runs `nautobot-server celery worker --loglevel INFO`, and add one that runs "
    "`nautobot-server celery beat --loglevel INFO`. The installation guide of Nautobot has both."
)


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


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def removed_command(deployment: Deployment, catalog: Catalog, target: Target) -> Iterator[Finding]:
    """The services run commands that the target has.

    Why: a unit with a command that the target lacks does not start after the upgrade. RQ workers
        are such units: since 1.1, Celery workers run the Jobs, and since 1.2 a scheduler is needed.
    Fix: replace the units before the services start again.
    """
    for unit in deployment.units:
        if catalog.removes_command(unit.subcommand, target.version):
            yield blocker(
                unit.name,
                f"{unit.name} runs nautobot-server {unit.subcommand}, which Nautobot "
                f"{target.version} does not have.",
                fix=RQ_FIX if unit.subcommand == RQ_WORKER else "Replace or remove the unit.",
                commands=(
                    shell("sudo systemctl disable --now {}", unit.name),
                    shell("sudo systemctl daemon-reload"),
                ),
                evidence=(f"{unit.file}: ExecStart={unit.program} {unit.subcommand} …",),
            )


@check(stage="both", phase=Phase.BOOT, impact=Impact.OUTAGE)
def other_python(deployment: Deployment, runtime: Runtime) -> Iterator[Finding]:
    """The files of the services name the Python of the environment.

    Why: if the environment is made again with another Python, a service that names the old one does
        not start, or starts without Nautobot's packages.
    Fix: name the Python of the environment without its version, and restart the service.
    """
    current = ".".join(runtime.python.split(".")[:2])
    for named in deployment.named_pythons:
        if named.version != current:
            yield warning(
                named.file,
                f"{named.file} names Python {named.version}, but the environment has {current}.",
                fix=f"Replace python{named.version} by the Python of the environment, and restart "
                "the service.",
            )


@check(stage="preflight", phase=Phase.BOOT, impact=Impact.OUTAGE)
def install_script(deployment: Deployment, catalog: Catalog, target: Target) -> Iterator[Finding]:
    """The upgrade does not use Nautobot's `install.sh`.

    Why: the script removes the environment first. It then installs the newest release that the
        host's own Python can run, whatever the target is, and migrates.
    Fix: follow the plan instead.
    """
    script = deployment.install_script
    if script is None:
        raise NotApplicable("there is no install.sh")
    newest = _newest_release(catalog, script.python)
    result = f"Nautobot {newest}" if newest else "another Nautobot"
    if newest != target.version:
        yield warning(
            script.file,
            f"{script.file} would remove the environment and install {result}, not "
            f"{target.version}.",
            fix="Do not run it. Follow the plan.",
            evidence=(f"/usr/bin/python3: {script.python or 'unknown'}",),
        )


def _newest_release(catalog: Catalog, python: str) -> str:
    """Return the newest release that a Python can run. Empty if there is none."""
    fitting = (
        release.version
        for release in catalog.releases
        if python and SpecifierSet(release.python).contains(f"{python}.0")
    )
    return max(fitting, key=Version, default="")
