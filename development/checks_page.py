"""Writes ``docs/checks.md`` from the checks' own docstrings, for ``make docs``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from nautobot_upgrade_jobs.checks.registry import Check, all_checks

PAGE = Path(__file__).parents[1] / "docs" / "checks.md"
HEAD = """# Checks

Every check that Preflight and Verify Migrations run; Verify judges the installed release as its own
target. This page is made from the checks' docstrings by `make docs`. The id of a check is what the
Jobs' *Checks to leave out* and the commands' `--exclude` take.
"""
JOBS = {"preflight": "Preflight", "verify": "Verify", "both": "both", "rollback": "Rollback"}


def render() -> str:
    """Return the page."""
    checks = all_checks()
    return "\n".join(
        [HEAD, *_render_overview(checks), *(line for one in checks for line in _render_entry(one))]
    )


def _render_overview(checks: tuple[Check, ...]) -> Iterator[str]:
    yield "| Check | Condition | Job | Applies to upgrades to or past |"
    yield "| --- | --- | --- | --- |"
    for one in checks:
        anchor = one.id.replace(".", "")
        passes = one.crosses or "any release"
        yield f"| [`{one.id}`](#{anchor}) | {one.title} | {JOBS[one.stage]} | {passes} |"
    yield ""


def _render_entry(one: Check) -> Iterator[str]:
    kinds = ((get_args(kind) or (kind,))[0] for kind in one.input_types.values())
    needs = ", ".join(sorted(kind.__name__.lower() for kind in kinds))
    yield f"## {one.id}"
    yield ""
    yield one.title
    yield ""
    yield f"**Why.** {_capitalize_sentence(one.why)}"
    yield ""
    yield f"**Fix.** {_capitalize_sentence(one.fix)}"
    yield ""
    yield f"Reads: {needs}. Rests on: {one.evidence_source}."
    yield ""


def _capitalize_sentence(text: str) -> str:
    """Begin with a capital, unless the first word is a name such as dcim.0089."""
    first = text.partition(" ")[0]
    return text if "." in first or "_" in first else text[:1].upper() + text[1:]


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
