"""Settings in a real Nautobot: the file, the UI, and the system checks at the start."""

import importlib

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
from nautobot_upgrade_jobs.collect.db.constance_backend import ReadOnlyBackend

pytestmark = [pytest.mark.live, pytest.mark.lines]


def own_messages():
    return [message for message in run_checks() if str(message.id).startswith(APP)]


def with_settings(**values):
    return override_settings(PLUGINS_CONFIG={**settings.PLUGINS_CONFIG, APP: values})


@pytest.fixture
def changed(nautobot):
    """Set a value as the administration page does, and remove it afterwards."""
    names = []

    def change(name, value):
        names.append(f"{APP}__{name}")
        setattr(config, names[-1], value)

    yield change
    keys = [f"{settings.CONSTANCE_DATABASE_PREFIX}{name}" for name in names]
    assert Constance.objects.filter(key__in=keys).delete()[0] == len(keys)
    cache.delete_many(keys)


def test_read_configuration_stores_nothing(nautobot):
    before = set(Constance.objects.values_list("key", flat=True))
    assert read_configuration().statement_timeout_seconds == 30
    assert set(Constance.objects.values_list("key", flat=True)) == before


def test_read_configuration_uses_values_changed_in_the_ui(changed):
    changed("statement_timeout_seconds", 45)
    changed("resolve", False)
    configuration = read_configuration()
    assert (configuration.statement_timeout_seconds, configuration.resolve) == (45, False)


def test_read_configuration_prefers_the_settings_file(changed):
    changed("keep_builds", 7)
    with with_settings(keep_builds=1):
        assert read_configuration().keep_builds == 1


@pytest.mark.parametrize("stored", ["not JSON", '{"__type__": "no such type", "__value__": 1}'])
def test_read_only_backend_reads_live_settings_and_stores_nothing(changed, stored):
    name = f"{APP}__statement_timeout_seconds"
    key = f"{settings.CONSTANCE_DATABASE_PREFIX}{name}"
    changed("statement_timeout_seconds", 45)
    rows = Constance.objects.values_list("key", "value")
    before = set(rows)
    backend = ReadOnlyBackend()
    assert (backend.get(name), backend.get("BANNER_TOP")) == (45, None)
    backend.set(name, 9)
    backend.set("BANNER_TOP", "new")
    assert (backend.get(name), backend.get("BANNER_TOP")) == (9, "new")
    assert set(rows.all()) == before
    Constance.objects.filter(key=key).update(value=stored)
    cache.delete(key)
    assert ReadOnlyBackend().get(name) is None


def test_administration_page_offers_only_editable_settings(nautobot):
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    page = client.get(reverse("admin:constance_config_changelist")).content.decode()
    for name in UI_EDITABLE:
        assert f"{APP}__{name}" in page
    assert f"{APP}__allow_build" not in page
    assert f"{APP}__wheel_directory" not in page


def test_system_check_invalid_setting_is_a_warning(nautobot):
    with with_settings(resolve="yes"):
        (message,) = own_messages()
    assert message.id == f"{APP}.W001"
    assert "'resolve'" in message.msg
    assert not message.is_serious()
    wrong = [{"finding": "a.b:c", "reason": "r", "who": "w", "until": "soon", "target": "3.2.7"}]
    with with_settings(acceptances=wrong):
        (message,) = own_messages()
    assert message.id == f"{APP}.W001"
    assert "'soon'" in message.msg


@pytest.mark.parametrize("setting", ["GIT_ROOT", "JOBS_ROOT"])
def test_system_check_duplicate_jobs_from_repository_is_a_warning(setting, nautobot, tmp_path):
    (tmp_path / "upgrade_checks" / APP).mkdir(parents=True)
    with override_settings(**{setting: str(tmp_path)}):
        assert own_messages() == []
        (tmp_path / "upgrade_checks" / APP / "job_registration.py").touch()
        (message,) = own_messages()
    assert message.id == f"{APP}.W002"
    assert str(tmp_path / "upgrade_checks") in message.msg


@pytest.mark.parametrize(("setting", "panels"), [({}, 1), ({"home_panel": False}, 0)])
def test_home_page_has_a_panel_unless_the_setting_disables_it(monkeypatch, setting, panels):
    from nautobot_upgrade_jobs.ui import homepage

    ours = {"nautobot_upgrade_jobs": setting}
    with monkeypatch.context() as patched:
        patched.setattr(settings, "PLUGINS_CONFIG", {**settings.PLUGINS_CONFIG, **ours})
        layout = importlib.reload(homepage).layout
    importlib.reload(homepage)
    assert len(layout) == panels
