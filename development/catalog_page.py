"""Writes ``docs/catalog.md`` from the catalog's own data, for ``make docs``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from nautobot_upgrade_jobs.catalog import load
from nautobot_upgrade_jobs.catalog.catalog import Catalog
from nautobot_upgrade_jobs.catalog.records import Line

PAGE = Path(__file__).parents[1] / "docs" / "catalog.md"
HEAD = """# The catalog

What this release knows of Nautobot by heart, edition {version}; everything else is asked of the
installation, of the package index and of the target itself. This page is made from the data by
`make docs`; each file in `nautobot_upgrade_jobs/catalog/` says where its facts come from.
"""


def render(catalog: Catalog) -> str:
    """Return the page."""
    parts = [HEAD.format(version=catalog.version)]
    for title, columns, rows in _tables(catalog):
        parts += [f"## {title}", "", _row(columns), _row(["---"] * len(columns))]
        parts += [*map(_row, rows), ""]
    return "\n".join(parts)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(' '.join(one.replace('|', chr(92) + '|').split()) for one in cells)} |"


Table = tuple[str, list[str], Iterable[list[str]]]


def _tables(catalog: Catalog) -> Iterator[Table]:
    yield (
        "Releases",
        ["Line", "Releases", "Python", "PostgreSQL", "MySQL", "Redis", "Django", "Migrations"],
        [_line(catalog, line) for line in catalog.lines],
    )
    yield (
        "Stops that upstream advises",
        ["From below", "To", "Stop at the newest", "Why"],
        [
            [one.source_below, one.target_from, one.line, f"{one.reason} {_more(one.reference)}"]
            for one in catalog.advice
        ],
    )
    yield (
        "Settings that went",
        ["Setting", "In", "Left in the file it is", "Instead"],
        [
            [
                f"`{one.name}`{f', `{one.key}` of it' if one.key else ''}",
                one.removed_in,
                one.effect,
                f"{f'`{one.replacement}`' if one.replacement else '-'} {_more(one.reference)}",
            ]
            for one in catalog.settings_removed
        ],
    )
    yield from _of_apps(catalog)
    yield (
        "Commands of Nautobot",
        ["Command", "Since", "Until", "Writes", "What"],
        [
            [
                f"`{one.name}`",
                ", ".join(one.since),
                ", ".join(one.removed_in) or "-",
                "yes" if one.writes else "no",
                one.note,
            ]
            for one in catalog.commands
        ],
    )
    yield from _of_migrations(catalog)


def _line(catalog: Catalog, line: Line) -> list[str]:
    first, last = line.releases[0], line.releases[-1]
    known = catalog.migration_sets.by_release.get(last.version)
    kind = "ended" if not line.living else "long-term maintenance" if line.ltm else ""
    return [
        f"{line.name}{f' ({kind})' if kind else ''}",
        f"{first.version} ({first.date}) to {last.version} ({last.date})",
        last.python,
        last.postgresql,
        last.mysql or "-",
        last.redis,
        last.django,
        str(len(known)) if known else "-",
    ]


def _of_apps(catalog: Catalog) -> Iterator[Table]:
    yield (
        "Apps that became a part of Nautobot",
        ["App", "Now", "Since", "Its data", "What to do"],
        [
            [
                f"`{one.module}`",
                f"`{one.into}`",
                one.since,
                "is carried over" if one.data_carried else "is not carried over",
                f"{one.remedy} {_more(one.reference)}",
            ]
            for one in catalog.apps_absorbed
        ],
    )
    yield (
        "Apps that another App absorbed",
        ["App", "By", "Since"],
        [
            [f"`{one.module}`", f"`{by.app}`", one.since]
            for by in catalog.app_conflicts
            for one in by.conflicts
        ],
    )


def _of_migrations(catalog: Catalog) -> Iterator[Table]:
    yield (
        "What data migrations leave behind",
        ["Migration", "Afterwards"],
        [
            [f"`{one.migration}`", f"{one.holds} {_more(one.reference)}"]
            for one in catalog.postconditions
        ],
    )
    yield (
        "What undoing a data migration does",
        ["Migration", "Says"],
        [[f"`{one.migration}`", one.says] for one in catalog.reversals],
    )
    yield (
        "Changes that are expected",
        ["In", "Of", "Why"],
        [
            [
                f"`{one.migration}`" if one.migration else one.since or "any release",
                f"{one.section}: {', '.join(f'`{name}`' for name in one.subjects)}",
                f"{one.reason} {_more(one.reference)}",
            ]
            for one in catalog.expected_changes
        ],
    )


def _more(reference: str) -> str:
    return f"([source]({reference}))" if reference.startswith("http") else ""


if __name__ == "__main__":
    PAGE.write_text(render(load()), encoding="utf-8")
