"""Steps that install the packages of the previous state again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from packaging.utils import canonicalize_name

from ..common.files import KEPT_CONFIGURATION, KEPT_IMAGES
from ..facts import Unavailable
from ..migration_graph.reverse_plan import ZERO
from ..rollback.package_set import RollbackPlan, SingleAppRollback
from ..upgrade.package_changes import INSTALLER_PACKAGES
from .container_commands import CONTAINER_IMAGE, config_path
from .steps import Step, pip_source_options

IMPORT_VERSION = "from importlib.metadata import version"


def package_steps(plan: RollbackPlan) -> Iterator[Step]:
    """Yield the steps that restore the previous packages in this layout."""
    app = plan.single_app
    if app:
        yield from (
            _remove_app(app)
            if app.target == ZERO
            else _install_older_app(app, plan.wheel_directory)
        )
    elif plan.is_whole:
        yield from _restore_environment(plan)
    elif plan.runtime.layout == CONTAINER_IMAGE:
        yield _build_image(plan)
    else:
        yield _install_pinned_set(plan)


def _build_image(plan: RollbackPlan) -> Step:
    """Return the step that builds an image with older Apps. The operator edits its source first."""
    versions = ", ".join(f"{name}=={version}" for name, version in plan.named_versions)
    return Step(
        "Build the image with the older Apps",
        f"Write these versions into the source of the image, then run this step again: {versions}",
        ("docker compose build", _version_assertion(plan.named_versions)),
    )


def _remove_app(app: SingleAppRollback) -> Iterator[Step]:
    """Yield the steps that remove an App, because no migration of the App is kept."""
    check = f"from django.conf import settings; assert {app.module!r} not in settings.PLUGINS"
    yield Step(
        f"Remove {app.module} from PLUGINS",
        "Remove the App from PLUGINS and PLUGINS_CONFIG in nautobot_config.py, then run this step "
        "again. The script does not edit your configuration.",
        (f"nautobot-server shell --command {shlex.quote(check)}",),
    )
    if app.distribution:
        yield Step(
            f"Uninstall {app.distribution}",
            "If the package is part of an image, also remove it from the source of the image.",
            (f"python -m pip uninstall --yes {shlex.quote(app.distribution)}",),
        )


def _install_older_app(app: SingleAppRollback, wheel_directory: str) -> Iterator[Step]:
    """Yield the step that installs the App release whose last migration is the target."""
    name, source = app.distribution, pip_source_options(wheel_directory)
    if not name:
        yield Step(
            f"Restore the code of {app.module} that ends with {app.target}",
            "No distribution contains this code. Restore it from its source, then run this step "
            "again.",
            (f"nautobot-server migrate --check {shlex.quote(app.label)}",),
        )
        return
    yield Step(
        f"Install the release of {name} that ends with {app.target}",
        f"Set OLD_APP to this release, such as {name}==1.0. Later migrations of the release are "
        "applied again, and start without rows. If packages are part of an image, build the image "
        "first.",
        (f'python -m pip install{source} --no-deps "$OLD_APP"',),
        shlex.join(
            ["python", "-c", f"{IMPORT_VERSION}; assert version({name!r}) != {app.version!r}"]
        ),
    )


def _restore_environment(plan: RollbackPlan) -> Iterator[Step]:
    """Yield the steps that restore all packages and the configuration."""
    runtime = plan.runtime
    restore_configuration = f"cp -p {KEPT_CONFIGURATION} {config_path(runtime)}"
    if runtime.layout == CONTAINER_IMAGE:
        yield Step(
            "Use the previous image again",
            f"{KEPT_IMAGES} contains the name of the image. Write the name into the Dockerfile and "
            "into OLD_IMAGE.",
            (
                f'grep --quiet "$OLD_IMAGE" {KEPT_IMAGES}',
                "docker compose build",
                restore_configuration,
            ),
        )
    elif runtime.layout == "release symlink":
        link = shlex.quote(runtime.symlink)
        yield Step(
            "Switch the link to the previous release",
            "The previous environment was kept unchanged.",
            (
                'test -x "$OLD_RELEASE"/bin/nautobot-server -o -x "$OLD_RELEASE"/venv/bin/python',
                f'ln -sfn "$OLD_RELEASE" {link}',
                restore_configuration,
            ),
            f'test "$(readlink {link})" = "$OLD_RELEASE"',
        )
    else:
        if runtime.layout == "git checkout":
            tag = shlex.quote(f"v{plan.release}") if plan.release else '"$OLD_TAG"'
            yield Step(
                "Check out the previous release",
                "",
                (f"git checkout {tag}",),
                "git describe --tags",
            )
        yield _install_pinned_set(plan, restore_configuration)


def _install_pinned_set(plan: RollbackPlan, *more: str) -> Step:
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
        _version_assertion(plan.named_versions) if plan.named_versions else "python -m pip check",
    )


def _version_assertion(versions: Iterable[tuple[str, str]]) -> str:
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
