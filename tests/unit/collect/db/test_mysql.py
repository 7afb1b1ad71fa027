"""Facts of a MySQL server from canned rows."""

import pytest

from nautobot_upgrade_jobs.collect.db import mysql
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.database import Transaction


@pytest.mark.parametrize(
    ("reported", "expected"),
    [("8.0.36", "8.0.36"), ("8.0.36-0ubuntu0.22.04.1", "8.0.36"), ("10.11.6-MariaDB-1", "10.11.6")],
)
def test_version_omits_the_packagers_additions(canned, reported, expected):
    assert mysql.version(canned([(reported,)])) == expected


@pytest.mark.parametrize(
    ("grants", "can_create"),
    [
        pytest.param(["USAGE", "CREATE"], True, id="create"),
        pytest.param(["all privileges"], True, id="all privileges in lower case"),
        pytest.param(["USAGE", "SELECT"], False, id="select only"),
    ],
)
def test_can_create_tables_depends_on_the_grants(canned, grants, can_create):
    connection = canned([(grant,) for grant in grants])
    assert mysql.can_create_tables(connection, "nautobot") is can_create


def test_can_create_tables_without_visible_grants_is_unavailable(canned):
    result = mysql.can_create_tables(canned([]), "nautobot")
    assert isinstance(result, Unavailable)
    assert "GRANT SELECT ON mysql.*" in result.reason


def test_transactions_with_the_privilege_returns_open_transactions(canned):
    connection = canned([(1,)], [(7, "nautobot", "RUNNING", 90)])
    assert mysql.transactions(connection) == (Transaction(7, "nautobot", "RUNNING", 90),)


def test_transactions_without_the_privilege_is_unavailable(canned):
    result = mysql.transactions(canned([(0,)]))
    assert isinstance(result, Unavailable)
    assert "GRANT PROCESS" in result.reason
