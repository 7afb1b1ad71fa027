"""The set of packages for a target beside ``pip install --dry-run`` of the same requirements.

Both with a warm cache, in one run, on an installation with Apps. pip runs in a new environment, for
which it resolves without preferences; ours also tells what fits, what is newest, and what each App
would do alone. Run: ``make bench``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nautobot

ROUNDS = 3
TARGET = "3.2.7"


def best(run: Callable[[], Any]) -> float:
    """Return the shortest of a few runs, in seconds; the first of all fills the caches."""
    run()
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> None:
    """Measure both and print the ratio."""
    nautobot.setup()
    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.facts import known
    from nautobot_upgrade_jobs.target.resolve import resolve
    from nautobot_upgrade_jobs.target.wishes import Wishes

    facts = collect_facts(topics=("packages", "apps", "runtime"))
    wishes = Wishes(known(facts.packages), known(facts.apps), known(facts.runtime).python)
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder, "bin", "pip")), "install", "--quiet", "--dry-run", "--report"]
        words = [*pip, str(Path(folder, "report.json")), *wishes.roots(TARGET)]
        theirs = best(lambda: subprocess.run(words, capture_output=True, check=True))
    ours = best(lambda: resolve(wishes, TARGET, seconds=600))
    print(f"{len(wishes.apps)} Apps, Python {sys.version.split()[0]}, target {TARGET}")
    print(f"resolve {ours:.2f} s, pip install --dry-run {theirs:.2f} s: 1 / {theirs / ours:.0f}")


if __name__ == "__main__":
    main()
