"""The steps that stop and start Nautobot's services."""

from __future__ import annotations

from ..facts import Runtime
from .steps import Step

SERVICES = "nautobot nautobot-worker nautobot-scheduler"
"""systemd units, as Nautobot's installation guide names them."""
CONTAINERS = "nautobot celery_worker celery_beat"


def stop_services(runtime: Runtime) -> Step:
    """Return the step that stops all services that write to the database."""
    if runtime.container:
        commands: tuple[str, ...] = (f"docker compose stop {CONTAINERS}",)
        proof = f'test -z "$(docker compose ps --quiet --status running {CONTAINERS})"'
    else:
        commands = (f"sudo systemctl stop {SERVICES}",)
        proof = f"! systemctl is-active --quiet {SERVICES}"
    return Step(
        "Stop web, workers and beat",
        "Old code must not write while the schema changes. The backup does not contain what is "
        "written after it.",
        commands,
        proof,
        role="stop",
    )


def start_services(runtime: Runtime) -> Step:
    """Return the step that starts all services."""
    return Step(
        "Start web, workers and beat",
        "Start them together. A service that still runs other code would interfere.",
        (
            "docker compose up --detach"
            if runtime.container
            else f"sudo systemctl start {SERVICES}",
        ),
        role="start",
    )
