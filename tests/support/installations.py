"""Small installations of Nautobot 2.4.44 and their resolved package sets."""

from dataclasses import replace

from nautobot_upgrade_jobs.facts import Apps, Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from tests.support.builders import app

OLD = "nautobot>=2.4,<3"
NEW = "nautobot>=3.0,<4"


CORE = Package("nautobot", "2.4.44", ("lib>=1",), "")
LIB = Package("lib", "1.0", (), "")
EXAMPLE = Package("example", "1.0", (OLD,), "")


def asked(
    index, *more, target="3.2.7", lines=(), apps=("example",), wanted=(), new=False, **changes
):
    """Resolve for an installation of Nautobot 2.4.44 with further distributions.

    ``index`` is a folder of wheels. None for the configured index. ``new``: nothing is kept.
    """
    packages = replace(Packages((CORE, LIB, EXAMPLE, *more)), **changes)
    enabled = tuple(app(module=name, distribution=name) for name in apps)
    roots = RootRequirements(packages, Apps(enabled, ()), "3.11.7", wanted, is_new_environment=new)
    return resolve(
        roots, target, deadline=Deadline(30), wheel_directory=str(index or ""), lines=lines
    )


def versions(resolution):
    return {package.name: package.version for package in resolution.packages}
