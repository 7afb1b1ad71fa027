"""Find the migration set of the catalog to which a Nautobot release belongs.

    python development/catalog_migrations.py nautobot-3.2.8-py3-none-any.whl ...

reads the migrations inside each wheel and compares them with the catalog. For a release that shares
a set it says which; for a new set it prints the block to append to
``nautobot_upgrade_jobs/catalog/migrations.toml``. It exits with 1 if the catalog knows a release
with another set, 0 otherwise. Get a wheel with ``pip download --no-deps nautobot==x.y.z``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from nautobot_upgrade_jobs.catalog import Catalog, load_catalog

MIGRATION = re.compile(r"nautobot/(\w+)/migrations/(\d{4}\w*)\.py")


def read_migrations(wheel: Path) -> frozenset[str]:
    """List the core migrations that a wheel of Nautobot brings."""
    with ZipFile(wheel) as archive:
        found = map(MIGRATION.fullmatch, archive.namelist())
        return frozenset(f"{match[1]}.{match[2]}" for match in found if match)


def describe(catalog: Catalog, version: str, names: frozenset[str]) -> str:
    """Say where a release belongs, as the text to act on."""
    known = catalog.migrations(version)
    if known is not None:
        gained, lost = sorted(names - known), sorted(known - names)
        return "as in the catalog" if known == names else f"DIFFERS: +{gained} -{lost}"
    sharing = catalog.match_releases(names)
    if sharing:
        return f"add it to the set of {sharing[-1]}"
    bases = [each.version for each in catalog.releases if _is_subset(catalog, each.version, names)]
    base = max(bases, key=lambda it: len(catalog.migrations(it) or ()))
    added = "\n".join(
        f'  "{name}",' for name in sorted(names - (catalog.migrations(base) or set()))
    )
    return (
        f'a new set:\n\n[[set]]\nreleases = ["{version}"]\nbase = "{base}"\nadded = [\n{added}\n]'
    )


def _is_subset(catalog: Catalog, version: str, names: frozenset[str]) -> bool:
    return (catalog.migrations(version) or frozenset()) <= names


def main(wheels: Sequence[str]) -> int:
    """Describe each wheel, and return 1 if the catalog contradicts one."""
    catalog = load_catalog()
    answers = [
        f"{wheel.name}: {describe(catalog, wheel.name.split('-')[1], read_migrations(wheel))}"
        for wheel in map(Path, wheels)
    ]
    print("\n".join(answers))
    return any(": DIFFERS" in answer for answer in answers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
