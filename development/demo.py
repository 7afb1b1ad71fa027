"""The demo: a faulty 2.4 installation, and Preflight on its real worker."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from . import stack
from .instance import LOGIN, TOKEN, Instance
from .process import StackError
from .rest import Rest
from .venvs import STACK

SOURCE = Instance("2.4.44", demo=True)
TARGET = "3.2.7"
PREFLIGHT = "nautobot_upgrade_jobs.jobs.preflight.Preflight"
FILES = STACK / "demo"


def run(target: str) -> bool:
    """Start the installation and run Preflight; whether it came to a verdict."""
    began = time.monotonic()
    stack.up(SOURCE, "demo", fresh=True)
    # Nautobot makes this folder at every start, so this fault cannot be planted any earlier.
    shutil.rmtree(SOURCE.root / "media", ignore_errors=True)
    rest = Rest(SOURCE.url, TOKEN)
    print(f"\nPreflight of Nautobot {SOURCE.version} for {target}, on the worker:\n", flush=True)
    started = time.monotonic()
    result = rest.start_job(PREFLIGHT, {"target": target})
    for entry in rest.follow_job(result):
        show_entry(entry, time.monotonic() - started)
    ended = rest.get(f"/api/extras/job-results/{result}/")
    show_result(ended)
    show_files(rest.files(result))
    now = time.monotonic()
    print(f"\nPreflight took {now - started:.1f} s, the whole demo {now - began:.1f} s.")
    return ended["status"]["value"] == "SUCCESS" or bool(verdict(ended))


def show_entry(entry: dict[str, Any], seconds: float) -> None:
    """Print the first line of an entry of the Job's log; what to do is in the report."""
    level = entry.get("log_level")
    name = level.get("value") if isinstance(level, dict) else level
    first = str(entry.get("message", "")).partition("\n")[0]
    # The log is Markdown for the web page, with its special characters escaped.
    plain = re.sub(r"\\([^\w\s])|\\(_)", r"\1\2", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", first))
    print(f"  {seconds:6.1f} s  {name!s:8}  {plain}", flush=True)


def verdict(ended: dict[str, Any]) -> str:
    """The verdict in a Job's result, if it has one."""
    outcome = ended.get("result")
    return str(outcome.get("verdict", "")) if isinstance(outcome, dict) else ""


def show_result(ended: dict[str, Any]) -> None:
    """Print the verdict and the findings."""
    print(f"\nJob:      {ended['status']['value']}")
    outcome = ended.get("result")
    if not isinstance(outcome, dict) or not verdict(ended):
        print(f"Result:   {outcome!r}")
        if ended.get("traceback"):
            print(ended["traceback"])
        return
    counts = outcome.get("findings") or {}
    print(f"Verdict:  {verdict(ended).upper()}")
    print(f"Findings: {', '.join(f'{number} {name}' for name, number in counts.items()) or 'none'}")
    for finding in outcome.get("top") or []:
        severity, key, message = (finding.get(name, "") for name in ("severity", "key", "message"))
        print(f"  {severity!s:8} {key}: {message}")


def show_files(files: dict[str, bytes]) -> None:
    """Keep the files of the run and say where they are."""
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir(parents=True)
    for name, content in sorted(files.items()):
        path = FILES / Path(name).name
        path.write_bytes(content)
        label = "Report:  " if path.suffix == ".html" else "File:    "
        print(f"{label} {path}")
    if not files:
        print("Files:    none")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python3 -m development.demo", description=__doc__)
    parser.add_argument("--target", default=TARGET, help="the release to upgrade to")
    parser.add_argument("--keep", action="store_true", help="leave Nautobot running, to look at it")
    parser.add_argument("--down", action="store_true", help="stop what --keep left running")
    asked = parser.parse_args()
    if asked.down:
        stack.down([SOURCE])
        return
    try:
        judged = run(asked.target)
    except BaseException:
        stack.down([SOURCE])
        raise
    if asked.keep:
        print(f"\nNautobot: {SOURCE.url}  log in: {LOGIN} / {LOGIN}  (stop it: make demo-down)")
    else:
        stack.down([SOURCE])
    if not judged:
        raise StackError("Preflight ended without a verdict; its log is above")


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
