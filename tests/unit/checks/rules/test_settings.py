"""Rules about settings that the target no longer supports."""

import pytest

from tests.support.builders import facts, setting, settings, target


@pytest.mark.parametrize(
    ("configuration", "installed", "release", "expected"),
    [
        pytest.param({"values": (setting("DEBUG"),)}, "2.4.44", "3.2.7", [], id="supported"),
        pytest.param(
            {"values": (setting("STORAGE_BACKEND"),)}, "2.4.44", "3.0.11", [], id="removed later"
        ),
        pytest.param(
            {"values": (setting("STORAGE_BACKEND"),)}, "3.1.0", "3.2.7", [], id="removed earlier"
        ),
        pytest.param(
            {"environment": ("NAUTOBOT_DB_NAME",)}, "2.4.44", "3.2.7", [], id="supported variable"
        ),
        pytest.param(
            {"values": (setting("STORAGE_BACKEND"),)},
            "2.4.44",
            "3.2.7",
            [("blocker", "STORAGE_BACKEND")],
            id="refused",
        ),
        pytest.param(
            {"values": (setting("DEVICE_NAME_AS_NATURAL_KEY"),)},
            "2.4.44",
            "3.0.11",
            [("warning", "DEVICE_NAME_AS_NATURAL_KEY")],
            id="ignored",
        ),
        pytest.param(
            {"environment": ("NAUTOBOT_JOB_FILE_IO_STORAGE",)},
            "2.4.44",
            "3.2.7",
            [("warning", "NAUTOBOT_JOB_FILE_IO_STORAGE")],
            id="ignored variable",
        ),
        pytest.param(
            {"values": (setting("BRANDING_FILEPATHS", ("logo",)),)},
            "2.4.44",
            "3.2.7",
            [],
            id="supported key",
        ),
        pytest.param(
            {"values": (setting("BRANDING_FILEPATHS", ("logo", "css")),)},
            "2.4.44",
            "3.2.7",
            [("warning", "BRANDING_FILEPATHS['css']")],
            id="removed key",
        ),
    ],
)
def test_removed_settings_that_the_upgrade_crosses_are_reported(
    findings_of, configuration, installed, release, expected
):
    state = facts(settings=settings(**configuration))
    assert findings_of("settings.removed", state, target(release, installed)) == expected


@pytest.mark.parametrize(
    ("storages", "release", "expected"),
    [
        pytest.param(("default", "nautobotjobfiles", "staticfiles"), "3.2.7", [], id="with key"),
        pytest.param((), "3.2.7", [], id="not set"),
        pytest.param(("default", "staticfiles"), "2.4.23", [], id="key not needed yet"),
        pytest.param(
            ("default", "staticfiles"), "2.4.24", [("blocker", "STORAGES")], id="needed by 2.4"
        ),
        pytest.param(
            ("default", "staticfiles"), "3.2.7", [("blocker", "STORAGES")], id="needed by 3.2"
        ),
    ],
)
def test_missing_job_file_storage_blocks_releases_that_need_the_key(
    findings_of, storages, release, expected
):
    state = facts(settings=settings(storages=storages))
    check = "settings.missing_job_file_storage"
    assert findings_of(check, state, target(release, "2.4.10")) == expected


def test_removed_settings_of_an_unread_file_are_not_checked(findings_of):
    unread = {"unread_file": "PermissionError: nautobot_config.py"}
    known = settings(values=(setting("STORAGE_BACKEND"),), **unread)
    for state in (settings(**unread), known):
        assert findings_of("settings.removed", facts(settings=state), target("3.2.7")) == "skipped"
