"""What the isolation replaces in the settings of the installation."""

import pytest

from nautobot_upgrade_jobs.target.safe_settings import isolation_overrides

OTHER = {"nautobot_ssot": {"hide_example_jobs": True}}
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "nautobot"}}


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        pytest.param({}, {}, id="no App"),
        pytest.param(OTHER, OTHER, id="another App"),
        pytest.param(
            {
                **OTHER,
                "nautobot_upgrade_jobs": {"rehearsal_server": "postgresql://a:b@c/d", "x": 1},
            },
            {**OTHER, "nautobot_upgrade_jobs": {"x": 1}},
            id="the server for rehearsals",
        ),
        pytest.param({"nautobot_upgrade_jobs": None}, {"nautobot_upgrade_jobs": None}, id="None"),
    ],
)
def test_code_of_the_target_does_not_get_the_server_for_rehearsals(tmp_path, configured, expected):
    settings = {"DATABASES": DATABASES, "PLUGINS_CONFIG": configured}
    found = isolation_overrides(settings, tmp_path, (), "default")
    assert found["PLUGINS_CONFIG"] == expected
