"""Settings in a real Nautobot: the file before the UI, and what is said at the start."""

import pytest
from constance import config
from constance.models import Constance
from django.conf import settings
from django.core.cache import cache
from django.core.checks import run_checks
from django.test import Client, override_settings
from django.urls import reverse
from nautobot.users.models import User

from nautobot_upgrade_jobs.app_settings import APP, UI_EDITABLE, read_configuration

pytestmark = [pytest.mark.live, pytest.mark.lines]


def said():
    return [one for one in run_checks() if str(one.id).startswith(APP)]


def with_settings(**given):
    return override_settings(PLUGINS_CONFIG={**settings.PLUGINS_CONFIG, APP: given})


@pytest.fixture
def changed(nautobot):
    """Sets a value as the administration page does, and takes it back."""
    made = []

    def change(name, value):
        made.append(f"{APP}__{name}")
        setattr(config, made[-1], value)

    yield change
    keys = [f"{settings.CONSTANCE_DATABASE_PREFIX}{name}" for name in made]
    assert Constance.objects.filter(key__in=keys).delete()[0] == len(keys)
    cache.delete_many(keys)


def test_asking_stores_nothing(nautobot):
    before = set(Constance.objects.values_list("key", flat=True))
    assert read_configuration().statement_timeout_seconds == 30
    assert set(Constance.objects.values_list("key", flat=True)) == before


def test_what_an_administrator_changes_counts(changed):
    changed("statement_timeout_seconds", 45)
    changed("resolve", False)
    found = read_configuration()
    assert (found.statement_timeout_seconds, found.resolve) == (45, False)


def test_the_file_comes_first(changed):
    changed("keep_builds", 7)
    with with_settings(keep_builds=1):
        assert read_configuration().keep_builds == 1


def test_the_administration_page_offers_what_may_be_changed(nautobot):
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    page = client.get(reverse("admin:constance_config_changelist")).content.decode()
    for name in UI_EDITABLE:
        assert f"{APP}__{name}" in page
    assert f"{APP}__allow_build" not in page
    assert f"{APP}__wheel_directory" not in page


def test_a_wrong_setting_is_told_at_the_start_and_stops_nothing(nautobot):
    with with_settings(resolve="yes"):
        (one,) = said()
    assert one.id == f"{APP}.W001"
    assert "'resolve' must be True or False" in one.msg
    assert not one.is_serious()
    wrong = [{"finding": "a.b:c", "reason": "r", "who": "w", "until": "soon", "target": "3.2.7"}]
    with with_settings(acceptances=wrong):
        (one,) = said()
    assert "'soon' is not a date" in one.msg


@pytest.mark.parametrize("setting", ["GIT_ROOT", "JOBS_ROOT"])
def test_the_same_jobs_from_a_repository_are_told_at_the_start(setting, nautobot, tmp_path):
    (tmp_path / "upgrade_checks" / APP).mkdir(parents=True)
    with override_settings(**{setting: str(tmp_path)}):
        assert said() == []
        (tmp_path / "upgrade_checks" / APP / "register.py").touch()
        (one,) = said()
    assert one.id == f"{APP}.W002"
    assert str(tmp_path / "upgrade_checks") in one.msg


def test_the_home_page_has_no_panel_unless_asked_for(nautobot):
    from nautobot_upgrade_jobs.ui import homepage as home_panel

    assert home_panel.layout == ()
