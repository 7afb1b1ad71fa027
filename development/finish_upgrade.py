"""Run what an upgrade runs after ``migrate``, so that Verify Migrations has nothing to report."""

import nautobot

nautobot.setup()

from django.core.management import call_command  # noqa: E402 - needs Nautobot set up

for command in ("migrate", "refresh_dynamic_group_member_caches"):
    call_command(command, verbosity=0)
call_command("trace_paths", no_input=True, verbosity=0)
