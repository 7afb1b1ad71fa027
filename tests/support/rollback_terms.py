"""Names of the rollback options and losses in reports, and of the argument that selects one."""

from inspect import signature

from nautobot_upgrade_jobs.report.formats.json import load_schema
from nautobot_upgrade_jobs.workflows.rollback import plan_rollback

SCHEMA = load_schema()
REINSTALL, ROLL_FORWARD, REVERSE_MIGRATIONS, RESTORE_BACKUP = SCHEMA["$defs"]["option"]["enum"]
"""The options in the order of the schema, the cheapest first."""
(STRATEGY,) = signature(plan_rollback).parameters.keys() & {"strategy", "way"}
"""Field of the form, argument of the function and, after two dashes, option of the command."""
OPTION_SCHEMA = SCHEMA["properties"]["rollback"]["properties"]["options"]["items"]["properties"]
LOSS_KINDS = OPTION_SCHEMA["losses"]["items"]["properties"]["kind"]["enum"]
DROPPED, CASCADED, RESTORED_EMPTY, ALTERED, KEPT, ALTERED_BY_CODE, DELETED_SINCE, WRITTEN_SINCE = (
    LOSS_KINDS
)
"""The losses in the order of the schema."""
