"""Print the verdict and the top findings of each run, in a few lines for a chat."""

import json
import os

import redis

events = redis.Redis.from_url(os.environ["BROKER"]).pubsub()
events.subscribe("nautobot.jobs.job.completed")
print("listening", flush=True)
for event in events.listen():
    if event["type"] != "message":
        continue
    job = json.loads(event["data"])
    result = job.get("job_output")
    if isinstance(result, dict) and "verdict" in result and "findings" in result:
        print(f"{job['job_name']}: {result['verdict'].upper()} {result['findings']}")
        for finding in result.get("top", []):
            print(f"- {finding['severity']}: {finding['message']}")
        print(end="", flush=True)
