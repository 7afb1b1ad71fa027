"""Writes ``docs/catalog.md`` from the catalog's own data, for ``make docs``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.catalog.catalog import Catalog
from nautobot_upgrade_jobs.catalog.records import ReleaseLine

PAGE = Path(__file__).parents[1] / "docs" / "catalog.md"
HEAD = """# The catalog

The catalog is the set of facts about Nautobot releases that is built into this release of the App.
This is edition {version}. All other facts come from the installation, the index and the target.
`make docs` generates this page. The files in `nautobot_upgrade_jobs/catalog/` name their sources.

A removed setting has one of three effects. *Refused*: Nautobot does not start. *Ignored*: Nautobot
silently does not use the setting. *Unsupported*: Nautobot reads the setting, and this does harm.

The last table lists changes that Compare Snapshots expects. *Facts that change* names a part of a
snapshot, and patterns for the names in it. `*` stands for any characters.
"""


def render(catalog: Catalog) -> str:
    """Return the page."""
    parts = [HEAD.format(version=catalog.version)]
    for title, columns, rows in _build_tables(catalog):
        parts += [f"## {title}", "", _render_row(columns), _render_row(["---"] * len(columns))]
        parts += [*map(_render_row, rows), ""]
    return "\n".join(parts)


def _render_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(' '.join(one.replace('|', chr(92) + '|').split()) for one in cells)} |"


Table = tuple[str, list[str], Iterable[list[str]]]


def _build_tables(catalog: Catalog) -> Iterator[Table]:
    yield (
        "Releases",
        ["Line", "Releases", "Python", "PostgreSQL", "MySQL", "Redis", "Django", "Migrations"],
        [_build_line_row(catalog, line) for line in catalog.lines],
    )
    yield (
        "Recommended intermediate releases",
        [
            "Installed release is older than",
            "Target is at least",
            "Stop at the newest release of",
            "Reason",
        ],
        [
            [
                one.source_below,
                one.target_from,
                one.line,
                f"{one.reason} {_render_source_link(one.reference)}",
            ]
            for one in catalog.advice
        ],
    )
    yield (
        "Removed settings",
        ["Setting", "Removed in", "Effect if it stays in the file", "Replacement"],
        [
            [
                f"`{one.name}[{one.key!r}]`" if one.key else f"`{one.name}`",
                one.removed_in,
                one.effect,
                (f"{one.replacement or '-'} {_render_source_link(one.reference)}"),
            ]
            for one in catalog.removed_settings
        ],
    )
    yield from _build_app_tables(catalog)
    yield (
        "Commands of Nautobot",
        ["Command", "Since", "Removed in", "Writes", "Note"],
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
    yield from _build_migration_tables(catalog)


def _build_line_row(catalog: Catalog, line: ReleaseLine) -> list[str]:
    first, last = line.releases[0], line.releases[-1]
    known = catalog.migration_sets.by_release.get(last.version)
    kind = "end-of-life" if not line.maintained else "long-term maintenance" if line.ltm else ""
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


def _build_app_tables(catalog: Catalog) -> Iterator[Table]:
    yield (
        "Apps that became a part of Nautobot",
        ["App", "Now", "Since", "Data", "Remediation"],
        [
            [
                f"`{one.module}`",
                f"`{one.core_app}`",
                one.since,
                "copied by a migration" if one.data_migrated else "not copied",
                f"{one.remediation} {_render_source_link(one.reference)}",
            ]
            for one in catalog.merged_apps
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


def _build_migration_tables(catalog: Catalog) -> Iterator[Table]:
    yield (
        "Postconditions of data migrations",
        ["Migration", "Condition"],
        [
            [f"`{one.migration}`", f"{one.description} {_render_source_link(one.reference)}"]
            for one in catalog.postconditions
        ],
    )
    yield (
        "Effects of reversing data migrations",
        ["Migration", "Effect"],
        [[f"`{one.migration}`", one.description] for one in catalog.known_reversals],
    )
    yield (
        "Expected changes",
        ["Migration or release", "Facts that change", "Reason"],
        [
            [
                f"`{one.migration}`" if one.migration else one.since or "any release",
                f"{one.section}: {', '.join(f'`{name}`' for name in one.subjects)}",
                f"{one.reason} {_render_source_link(one.reference)}",
            ]
            for one in catalog.expected_changes
        ],
    )


def _render_source_link(reference: str) -> str:
    return f"([source]({reference}))" if reference.startswith("http") else ""


if __name__ == "__main__":
    PAGE.write_text(render(load_catalog()), encoding="utf-8")
