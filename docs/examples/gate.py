"""Run Preflight and exit with the exit code of its verdict."""

import os
import sys

import pynautobot

CODES = {"go": 0, "caution": 0, "up_to_date": 0, "blocked": 2, "incomplete": 3}

nautobot = pynautobot.api(os.environ["NAUTOBOT"], token=os.environ["TOKEN"])
job = nautobot.extras.jobs.get(
    module_name="nautobot_upgrade_jobs.jobs.preflight", job_class_name="Preflight"
)
run = nautobot.extras.jobs.run_and_wait(
    job_id=job.id, data={"target": "3.2.7"}, interval=5, max_rechecks=360
)
result = nautobot.extras.job_results.get(run.job_result.id).result or {}
verdict = result.get("verdict", "crashed")
print(verdict, result.get("error", ""), result.get("findings", ""))
for finding in result.get("top", []):
    print(finding["severity"], finding["key"], finding["message"])
sys.exit(CODES.get(verdict, 1))
