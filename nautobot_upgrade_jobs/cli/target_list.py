"""The releases to choose from, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ..catalog import Catalog
from ..common.text import plural
from ..upgrade.target_options import TargetOption, list_target_options


def describe_targets(catalog: Catalog, installed: str, python: str) -> Iterator[str]:
    """Yield what runs here, and a line for each release to which it can be upgraded.

    Args:
        catalog: The known releases.
        installed: The installed version of Nautobot.
        python: The Python that runs it.
    """
    yield f"Nautobot {installed} with Python {python}"
    options = list_target_options(catalog, installed, python)
    if not options:
        yield f"Nothing to upgrade: the catalog of {catalog.date} contains no newer release."
    for option in sorted(options, key=lambda each: not each.is_recommended):
        yield f"  {option.version:<10} {'; '.join(_describe(option))}"
    for option in options:
        if option.is_recommended:
            yield f"Next: nautobot-server upgrade_jobs preflight --target {option.version}"


def _describe(option: TargetOption) -> Iterator[str]:
    if option.is_recommended:
        yield "recommended"
    if option.obstacle:
        yield f"not possible: {option.obstacle}"
    yield f"{', '.join(option.roles)}, {option.release.date}"
    if option.migrations is not None:
        yield plural(option.migrations, "migration")
    if option.fixes:
        number = len(option.fixes)
        yield f"fixes {number} security {'advisory' if number == 1 else 'advisories'}"
