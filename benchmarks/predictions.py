"""The scores of predictions: ``make test-upgrades`` leaves one for each real upgrade.

``python3 -m benchmarks.predictions`` prints them, and writes the table to ``predictions.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SCORES = Path(__file__).parents[1] / ".stack" / "benchmarks" / "predictions"
TABLE = Path(__file__).with_name("predictions.md")
HEAD = """# Predictions against real upgrades

`make test-upgrades` upgrades the sample data for real. Verify Migrations then scores the Preflight
from before it. The duration is that of the migrations.

| upgrade | predicted | applied | range | seconds | in range | false blockers | not predicted |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def keep_score(installed: str, target: str, score: dict[str, Any]) -> None:
    """Keep the score of an upgrade for the table."""
    SCORES.mkdir(parents=True, exist_ok=True)
    (SCORES / f"{installed} to {target}.json").write_text(json.dumps(score), "utf-8")


def build_table(scores: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """Return the table of the scores, which are given with the name of the upgrade."""
    return HEAD + "".join(_build_row(name, score) for name, score in scores)


def _build_row(name: str, score: dict[str, Any]) -> str:
    low, high = score["predicted_seconds"]
    cells = (
        name,
        score["predicted_migrations"],
        score["applied_migrations"],
        f"{low:.0f} to {high:.0f} s",
        f"{score['seconds']:.0f}",
        "yes" if score["in_range"] else "no",
        len(score["blockers"]),
        ", ".join(score["surprises"]) or "nothing",
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def main() -> None:
    """Print the table, and write it to its file."""
    found = [(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(SCORES.iterdir())]
    text = build_table(found)
    TABLE.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
