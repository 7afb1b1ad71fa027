"""The demo: a faulty 2.4 installation, and Preflight on its real worker."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from . import stack
from .instance import LOGIN, TOKEN, Instance
from .process import StackError
from .rest import Rest
from .venvs import STACK

SOURCE = Instance("2.4.44", kind="demo")
TARGET = "3.2.7"
PREFLIGHT = "nautobot_upgrade_jobs.jobs.preflight.Preflight"
FILES = STACK / "demo"
PLANTED = {
    "apps.merged_into_core": "an App that Nautobot 3.0 includes",
    "settings.removed": "a setting with which Nautobot 3.1 refuses to start",
    "data.ambiguous_indexes": "a second index where a migration expects one",
    "data.dangling_cables": "a cable to an object that does not exist",
    "data.empty_social_uids": "a single-sign-on account without uid",
    "data.non_uuid_compliance_ids": "a compliance result with an invalid object id",
    "jobs.pending_approvals": "a scheduled Job that waits for its approval",
    "jobs.null_arguments": "a schedule without arguments",
    "apps.orphaned_data": "tables of an App that is not enabled",
    "data.negated_group_filters": "a dynamic group whose members change",
}
"""The faults of the demo, by the check that must find each."""


def run(target: str) -> bool:
    """Start the installation and run Preflight; whether it came to a verdict."""
    began = time.monotonic()
    stack.up(SOURCE, "demo", fresh=True)
    # Nautobot makes this folder at every start, so this fault cannot be planted any earlier.
    shutil.rmtree(SOURCE.root / "media", ignore_errors=True)
    rest = Rest(SOURCE.url, TOKEN)
    # Nautobot's factories have made up results, of our Jobs, too.
    for made_up in rest.all("/api/extras/job-results/"):
        rest.fetch(f"/api/extras/job-results/{made_up['id']}/", method="DELETE")
    print(f"\nPreflight of Nautobot {SOURCE.version} for {target}, on the worker:\n", flush=True)
    started = time.monotonic()
    result = rest.start_job(PREFLIGHT, {"target": target})
    for entry in rest.follow_job(result):
        if entry["grouping"] == "collect":
            print(f"  {time.monotonic() - started:5.1f} s  {entry['message']}", flush=True)
    ended = time.monotonic()
    files = rest.files(result)
    judged = show_report(files)
    if not judged:
        print(rest.get(f"/api/extras/job-results/{result}/"))
    show_files(files)
    now = time.monotonic()
    print(f"\nPreflight took {ended - started:.1f} s, the whole demo {now - began:.1f} s.")
    return judged


def show_report(files: dict[str, bytes]) -> bool:
    """Print verdict and findings of the JSON report; False if the run left none."""
    for name, content in files.items():
        if name.endswith(".json"):
            report = json.loads(content)
            break
    else:
        return False
    for finding in report["findings"]:
        print(f"\n{finding['severity'].upper():8} {finding['message']}")
        print(f"{'':8} To do ({finding['when']}): {finding['remediation']}")
        for command in finding["commands"]:
            print(f"{'':8} Run ({command['kind']}): {command['text']}")
    counts = ", ".join(f"{number} {name}" for name, number in report["counts"].items())
    found = {finding["check"] for finding in report["findings"]}
    print("\nPlanted in this installation, and whether Preflight found it:")
    for check, fault in PLANTED.items():
        print(f"  {'found ' if check in found else 'MISSED'}  {fault}")
    print(f"\nVerdict:  {report['verdict'].upper()} ({counts})")
    print(f"          {report['headline']}")
    print(f"Next:     {report['next_step']}")
    return True


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
    parser.add_argument("--keep", action="store_true", help="leave Nautobot running")
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
        print(f"Open:     {SOURCE.url}/plugins/upgrade-jobs/  targets, findings, and the plan")
    else:
        print("\nTo see the pages in Nautobot, run: make demo-up")
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
