"""Writes ``docs/checks.md`` from the checks' own docstrings, for ``make docs``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from nautobot_upgrade_jobs.checks.registry import Check, own_checks

PAGE = Path(__file__).parents[1] / "docs" / "checks.md"
HEAD = """# Checks

Preflight, Verify Migrations and the Rollback Planner run these checks. For Verify Migrations, the
target is the installed release. `make docs` generates this page from the docstrings of the checks.
To leave out a check, enter its id in the field *Skip checks* or after `--exclude`.

The evidence of a check comes from the package index (*index*), the trial boot of the target
(*target*), the rows of the database (*data*), or other facts of the installation (*facts*).
"""
JOBS = {
    "preflight": "Preflight",
    "verify": "Verify",
    "both": "Preflight, Verify",
    "rollback": "Rollback",
    "rehearse": "Rehearsal",
}


def render() -> str:
    """Return the page."""
    checks = own_checks()
    return "\n".join(
        [HEAD, *_render_overview(checks), *(line for one in checks for line in _render_entry(one))]
    )


def _render_overview(checks: tuple[Check, ...]) -> Iterator[str]:
    yield "| Check | Condition | Job | Only for upgrades that reach |"
    yield "| --- | --- | --- | --- |"
    for one in checks:
        anchor = one.id.replace(".", "")
        passes = one.crosses or "any release"
        yield f"| [`{one.id}`](#{anchor}) | {one.title} | {JOBS[one.stage]} | {passes} |"
    yield ""


def _render_entry(one: Check) -> Iterator[str]:
    kinds = ((get_args(kind) or (kind,))[0] for kind in one.input_types.values())
    needs = ", ".join(sorted(_topic_name(kind.__name__) for kind in kinds))
    yield f"## {one.id}"
    yield ""
    yield one.title
    yield ""
    yield f"**Why.** {_capitalize_sentence(one.why)}"
    yield ""
    yield f"**Fix.** {_capitalize_sentence(one.fix)}"
    yield ""
    yield f"Facts: {needs}. Evidence: {one.evidence_source}."
    yield ""


def _topic_name(name: str) -> str:
    """Return the words of the name of a class, in lower case."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _capitalize_sentence(text: str) -> str:
    """Begin with a capital, unless the first word is a name such as dcim.0089."""
    first = text.partition(" ")[0]
    return text if "." in first or "_" in first else text[:1].upper() + text[1:]


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
