"""Runs of the Jobs that have ended, as a worker would have left them, and the text of a page."""

import re
from html import unescape

from django.core.files.base import ContentFile
from django.utils import timezone
from nautobot.extras.models import FileProxy, Job, JobResult

RESULT = {
    "verdict": "blocked",
    "current": "Nautobot 2.4.44",
    "target": "Nautobot 3.2.7",
    "target_version": "3.2.7",
    "findings": {"blocker": 1, "warning": 0, "info": 0, "accepted": 0},
    "not_checked": 0,
    "top": [{"severity": "blocker", "key": "data.cables:dcim_cable", "message": "1 cable is bad"}],
}
DOCUMENT = {
    "target": "Nautobot 3.2.7",
    "target_version": "3.2.7",
    "kind": "preflight",
    "checks": [{"check": "data.cables", "title": "Cables are fine.", "why": "they break."}],
    "instructions": "Run everything on one host.",
    "shell_setup": ["set -a"],
    "steps": [
        {
            "title": "Stop <b>all</b>",
            "why": "Users wait.",
            "commands": ["systemctl stop nautobot", "true </pre><script>"],
            "verify": "true",
            "irreversible": True,
        }
    ],
    "not_checked": [],
    "findings": [
        {
            "key": "data.cables:dcim_cable",
            "check": "data.cables",
            "severity": "blocker",
            "message": "1 cable is bad",
            "remediation": "Delete the `cable`.",
            "commands": [
                {"kind": "sql", "text": "DELETE FROM dcim_cable"},
                {"kind": "shell", "text": "true </pre><script>"},
            ],
            "when": "now",
            "phase": "migrate",
            "impact": "data_loss",
            "evidence": ["/dcim/cables/", "/no/such/page/", "3 rows"],
            "references": ["https://docs.nautobot.com/", "javascript:alert(1)"],
            "accepted": None,
        }
    ],
}


def finished(job="Preflight", result=RESULT, files=(), status="FAILURE", **fields):
    """Create a run with its files."""
    model = Job.objects.get(name=job, module_name__startswith="nautobot_upgrade_jobs.jobs.")
    made = JobResult.objects.create(
        name=job, job_model=model, status=status, result=result, **fields
    )
    made.date_done = timezone.now()
    made.save()
    for name, text in files:
        proxy = FileProxy(name=name, job_result=made)
        proxy.file.save(name, ContentFile(text.encode()))
    return made


def page_text(answer):
    """The visible text of a page, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
