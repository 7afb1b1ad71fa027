"""The settings of the App: what is understood, and what is said of what is not."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.app_settings import (
    UI_EDITABLE,
    Configuration,
    ConfigurationError,
    get_default_settings,
    load_settings_schema,
    validate_settings,
)

SECRET = "hunter2-not-to-be-told"
ACCEPTED = {"finding": "a.b:c", "reason": "r", "who": "w", "until": "2027-01-01", "target": "3.2.7"}


def test_the_schema_is_the_configuration():
    described = load_settings_schema()["properties"]
    assert list(described) == [one.name for one in fields(Configuration)]
    assert {name: one["default"] for name, one in described.items()} == get_default_settings()
    assert all(one["description"].endswith(".") for one in described.values())
    assert set(UI_EDITABLE) < set(described)


def test_the_documentation_has_all_settings_and_they_are_understood():
    page = (Path(__file__).parents[2] / "docs" / "admin" / "install.md").read_text()
    (block,) = (
        one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "keep_" in one
    )
    told = {}
    exec(block, told)
    (given,) = told["PLUGINS_CONFIG"].values()
    assert set(given) == set(load_settings_schema()["properties"])
    assert validate_settings(given, ("default",)) == Configuration(**given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        get_default_settings(),
        {"instance": "lab", "resolve": False, "keep_builds": 2},
        {"acceptances": [ACCEPTED]},
        {"database_alias": "reader"},
    ],
)
def test_what_is_understood(given):
    assert validate_settings(given, ("default", "reader")) == Configuration(**given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"instnace": SECRET}, "unknown setting 'instnace'; known: instance, acceptances"),
        ({"resolve": SECRET}, "'resolve' must be True or False"),
        ({"resolve": 1}, "'resolve' must be True or False"),
        ({"build_megabytes": True}, "'build_megabytes' must be a whole number of 1 or more"),
        ({"statement_timeout_seconds": 0}, "must be a whole number from 1 to 86400"),
        ({"boot_timeout_seconds": 86_401}, "must be a whole number from 1 to 86400"),
        ({"keep_builds": -1}, "'keep_builds' must be a whole number of 0 or more"),
        ({"wheel_directory": None}, "'wheel_directory' must be a text"),
        ({"acceptances": {"finding": SECRET}}, "'acceptances' must be a list"),
        ({"acceptances": [SECRET]}, r"'acceptances'\[0\] must be a dict"),
        ({"acceptances": [{}]}, r"'acceptances'\[0\] must be an object with the keys finding,"),
        ({"acceptances": [{**ACCEPTED, "x": SECRET}]}, "must be an object with the keys"),
        ({"acceptances": [{**ACCEPTED, "who": ""}]}, r"\['who'\] must be a text that is not empty"),
        ({"keep_builds": 1.0}, "'keep_builds' must be a whole number of 0 or more"),
        ([SECRET], r"PLUGINS_CONFIG\['nautobot_upgrade_jobs'\] must be a dict of settings"),
        (5, "must be a dict of settings"),
        ({"database_alias": "replica"}, "'database_alias' must be one of default, reader"),
    ],
)
def test_what_is_not_understood_is_named_and_not_repeated(given, says):
    with pytest.raises(ConfigurationError, match=says) as refused:
        validate_settings(given, ("default", "reader"))
    assert SECRET not in str(refused.value)
