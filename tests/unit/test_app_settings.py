"""The settings of the App, and the messages on invalid ones."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.app_settings import (
    UI_EDITABLE,
    Configuration,
    get_default_settings,
    load_settings_schema,
    validate_settings,
)
from nautobot_upgrade_jobs.common.errors import ConfigurationError

SECRET = "hunter2-not-to-be-documented"
ACCEPTED = {"finding": "a.b:c", "reason": "r", "who": "w", "until": "2027-01-01", "target": "3.2.7"}


def test_load_settings_schema_matches_the_configuration():
    properties = load_settings_schema()["properties"]
    assert list(properties) == [field.name for field in fields(Configuration)]
    assert {
        name: schema["default"] for name, schema in properties.items()
    } == get_default_settings()
    assert all(schema["description"].endswith(".") for schema in properties.values())
    assert set(UI_EDITABLE) < set(properties)


def test_validate_settings_documented_settings_are_valid():
    page = (Path(__file__).parents[2] / "docs" / "admin" / "install.md").read_text()
    (block,) = (
        code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "keep_" in code
    )
    documented = {}
    exec(block, documented)
    (settings,) = documented["PLUGINS_CONFIG"].values()
    assert set(settings) == set(load_settings_schema()["properties"])
    assert validate_settings(settings, ("default",)) == Configuration(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        get_default_settings(),
        {"instance": "lab", "resolve": False, "keep_builds": 2},
        {"acceptances": [ACCEPTED]},
        {"database_alias": "reader"},
    ],
)
def test_validate_settings_valid_settings(settings):
    assert validate_settings(settings, ("default", "reader")) == Configuration(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
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
def test_validate_settings_invalid_setting_is_named_and_not_quoted(settings, message):
    with pytest.raises(ConfigurationError, match=message) as raised:
        validate_settings(settings, ("default", "reader"))
    assert SECRET not in str(raised.value)
