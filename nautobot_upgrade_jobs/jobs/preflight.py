"""Preflight."""
from nautobot.apps.jobs import Job, StringVar

name = "Upgrade"


class Preflight(Job):
    """May I upgrade?"""

    target = StringVar(required=False)

    class Meta:
        """Shown."""

        name = "Preflight"
        has_sensitive_variables = False

    def run(self, *, target=""):
        """Run."""
        return {"target": target}
