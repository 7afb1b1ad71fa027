"""Which server the copy of a rehearsal is on."""

import pytest

from nautobot_upgrade_jobs.app_settings import Configuration
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.rehearsal_request import RehearsalRequest, build_server_options

SETTING = "postgresql://rehearsal@db2/postgres"
OPTION = "postgresql://rehearsal:word@db3:5433/postgres?sslmode=require"


def options(setting="", **request):
    request = RehearsalRequest(RunRequest(), **request)
    return build_server_options(request, Configuration(rehearsal_server=setting))


def test_without_a_server_the_copy_is_in_the_folder():
    assert options()[2:] == (None, None)


def test_server_of_the_settings_is_used():
    named = options(SETTING).named
    assert named.parameters == {"user": "rehearsal", "host": "db2", "dbname": "postgres"}


def test_server_of_the_command_precedes_that_of_the_settings():
    named = options(SETTING, server=OPTION).named
    assert (named.parameters["host"], named.parameters["sslmode"]) == ("db3", "require")


def test_copy_needs_no_server():
    found = options(SETTING, copy=OPTION)
    assert (found.named, found.existing.name) == (None, "postgres")


@pytest.mark.parametrize(
    ("request_fields", "message"),
    [
        pytest.param({"server": "db3"}, "--server: expected postgresql://", id="no URL"),
        pytest.param({"server": "postgresql://db3"}, "--server: expected", id="no database"),
        pytest.param({"copy": "mysql://db3/x"}, "--copy: for MySQL", id="MySQL"),
        pytest.param(
            {"setting": "http://db3/x"}, "'rehearsal_server': expected", id="in the settings"
        ),
        pytest.param({"copy": OPTION, "backup": "x.dump"}, "neither a backup", id="copy, backup"),
        pytest.param({"copy": OPTION, "server": OPTION}, "nor a server", id="copy and server"),
    ],
)
def test_invalid_request_is_refused_without_its_password(request_fields, message):
    with pytest.raises(UsageError) as caught:
        options(**request_fields)
    assert message in str(caught.value)
    assert "word" not in str(caught.value)
