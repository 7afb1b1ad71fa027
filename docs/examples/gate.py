"""Run Preflight, and end as its verdict says."""

import os
import sys

import pynautobot

CODES = {"go": 0, "caution": 0, "blocked": 2, "incomplete": 3}

nautobot = pynautobot.api(os.environ["NAUTOBOT"], token=os.environ["TOKEN"])
job = nautobot.extras.jobs.get(name="Preflight", module_name="nautobot_upgrade_jobs.jobs.preflight")
run = nautobot.extras.jobs.run_and_wait(
    job_id=job.id, data={"target": "3.2.7"}, interval=5, max_rechecks=360
)
result = nautobot.extras.job_results.get(run.job_result.id).result
print(result["verdict"], result["findings"])
for finding in result["top"]:
    print(finding["severity"], finding["key"], finding["message"])
sys.exit(CODES.get(result["verdict"], 1))
