"""Steps that install the packages of the previous state again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ..migration_graph.reverse_plan import ZERO
from ..rollback.package_set import RollbackPlan, SingleAppRollback
from .layouts import Layout
from .requirement_files import IMPORT_VERSION
from .steps import Step, pip_source_options


def package_steps(plan: RollbackPlan, layout: Layout) -> Iterator[Step]:
    """Yield the steps that restore the previous packages in this layout."""
    app = plan.single_app
    if app:
        yield from (
            _remove_app(app, layout)
            if app.target == ZERO
            else _install_older_app(app, plan.wheel_directory, layout)
        )
    elif plan.is_whole:
        yield from layout.restore_environment(plan)
    else:
        yield from layout.install_older_apps(plan)


def _remove_app(app: SingleAppRollback, layout: Layout) -> Iterator[Step]:
    """Yield the steps that remove an App, because no migration of the App is kept."""
    check = f"from django.conf import settings; assert {app.module!r} not in settings.PLUGINS"
    yield Step(
        f"Remove {app.module} from PLUGINS",
        "Remove the App from PLUGINS and PLUGINS_CONFIG in nautobot_config.py, then run this step "
        "again. The script does not edit your configuration.",
        (layout.nautobot(f"nautobot-server shell --command {shlex.quote(check)}"),),
    )
    if app.distribution:
        yield Step(
            f"Uninstall {app.distribution}",
            "If the package is part of an image, also remove it from the source of the image.",
            (layout.nautobot(f"python -m pip uninstall --yes {shlex.quote(app.distribution)}"),),
        )


def _install_older_app(
    app: SingleAppRollback, wheel_directory: str, layout: Layout
) -> Iterator[Step]:
    """Yield the step that installs the App release whose last migration is the target."""
    name, source = app.distribution, pip_source_options(wheel_directory)
    if not name:
        yield Step(
            f"Restore the code of {app.module} that ends with {app.target}",
            "No distribution contains this code. Restore it from its source, then run this step "
            "again.",
            (layout.nautobot(f"nautobot-server migrate --check {shlex.quote(app.label)}"),),
        )
        return
    yield Step(
        f"Install the release of {name} that ends with {app.target}",
        f"Set OLD_APP to this release, such as {name}==1.0. Later migrations of the release are "
        "applied again, and start without rows. If packages are part of an image, build the image "
        "first.",
        (layout.nautobot(f'python -m pip install{source} --no-deps "$OLD_APP"'),),
        layout.nautobot(
            shlex.join(
                ["python", "-c", f"{IMPORT_VERSION}; assert version({name!r}) != {app.version!r}"]
            )
        ),
    )
