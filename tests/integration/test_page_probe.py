"""The pages that a rehearsal opens: each kind, as a superuser, without a trace in the database."""

import json

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from nautobot.dcim.api.views import ManufacturerViewSet
from nautobot.dcim.models import Device, Manufacturer
from nautobot.dcim.tables import ManufacturerTable
from nautobot.dcim.views import ManufacturerUIViewSet
from nautobot.extras.models import Status

from nautobot_upgrade_jobs.probes.migration_meter import Journal
from nautobot_upgrade_jobs.probes.pages import open_pages

pytestmark = [pytest.mark.once, pytest.mark.lines]


@pytest.fixture
def events(tmp_path, monkeypatch):
    """Return a function that opens the pages of some models, and returns the events."""

    def run(*models, seconds=60):
        monkeypatch.setattr(apps, "get_models", lambda: models)
        monkeypatch.setattr(settings, "ALLOWED_HOSTS", settings.ALLOWED_HOSTS)
        path = tmp_path / "journal"
        open_pages(Journal(str(path)), seconds)
        return list(map(json.loads, path.read_text().splitlines()))

    return run


def failures(found):
    return [each["name"] for each in found if each["event"] == "page"]


def test_open_pages_opens_lists_and_objects(events):
    found = events(Manufacturer, Status)
    opened = [each["name"] for each in found if each["event"] == "open"]
    assert opened == [
        *("dcim:manufacturer_list", "dcim:manufacturer_list (rows)"),
        *("dcim-api:manufacturer-list", "dcim.manufacturer"),
        *("extras:status_list", "extras:status_list (rows)"),
        *("extras-api:status-list", "extras.status"),
    ]
    assert failures(found) == []
    assert (found[-1]["opened"], found[-1]["left_out"]) == (8, 0)


def test_open_pages_without_a_superuser_uses_one_that_does_not_remain(events):
    users = get_user_model().objects
    with transaction.atomic():
        users.filter(is_superuser=True).update(is_superuser=False)
        before = users.count()
        assert failures(events(Manufacturer)) == []
        assert users.count() == before
        transaction.set_rollback(True)


@pytest.mark.parametrize("method", ["list", "retrieve"])
def test_open_pages_reports_a_page_that_raises(events, monkeypatch, method):
    def fail(*args, **options):
        raise LookupError("the template of an App is gone")

    monkeypatch.setattr(ManufacturerUIViewSet, method, fail)
    found = events(Manufacturer, Status)
    route = "dcim:manufacturer_list"
    names = {"list": [route, f"{route} (rows)"], "retrieve": ["dcim.manufacturer"]}
    assert failures(found) == names[method]
    page, *_ = [each["failure"] for each in found if each["event"] == "page"]
    assert (page["error"], page["message"]) == ("LookupError", "the template of an App is gone")


def test_open_pages_goes_on_after_an_error_of_the_database(events, monkeypatch):
    def fail(*args, **options):
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM dcim_device")

    monkeypatch.setattr(ManufacturerUIViewSet, "list", fail)
    assert failures(events(Manufacturer, Status)) == [
        *("dcim:manufacturer_list", "dcim:manufacturer_list (rows)"),
    ]


def test_open_pages_names_the_error_of_an_answer_by_rest(events, monkeypatch):
    def fail(*args, **options):
        raise LookupError("the serializer of an App is gone")

    monkeypatch.setattr(ManufacturerViewSet, "list", fail)
    found = events(Manufacturer)
    assert failures(found) == ["dcim-api:manufacturer-list"]
    (page,) = [each["failure"] for each in found if each["event"] == "page"]
    assert "the serializer of an App is gone" in page["message"]


def test_open_pages_reports_a_row_that_cannot_be_shown(events, monkeypatch):
    """Since Nautobot 3.1, the page of a list has no rows. It requests them by itself."""

    def fail(*args, **options):
        raise LookupError("the column of an App is gone")

    monkeypatch.setattr(ManufacturerTable, "render_name", fail, raising=False)
    assert "dcim:manufacturer_list (rows)" in failures(events(Manufacturer))


def test_open_pages_without_a_home_page_is_an_error(events, monkeypatch):
    redirect = "tests.support.middleware.Redirect"
    monkeypatch.setattr(settings, "MIDDLEWARE", [redirect, *settings.MIDDLEWARE])
    with pytest.raises(RuntimeError, match="status 302"):
        events(Manufacturer)


def test_open_pages_follows_the_settings_for_encrypted_connections(events, monkeypatch):
    monkeypatch.setattr(settings, "SECURE_SSL_REDIRECT", True)
    assert failures(events(Manufacturer)) == []


def test_open_pages_keeps_no_change_of_a_page(events, monkeypatch):
    original, before = ManufacturerUIViewSet.list, Manufacturer.objects.count()

    def write(*args, **options):
        Manufacturer.objects.create(name="Written by a page")
        return original(*args, **options)

    monkeypatch.setattr(ManufacturerUIViewSet, "list", write)
    assert failures(events(Manufacturer)) == []
    assert Manufacturer.objects.count() == before


def test_open_pages_opens_a_page_with_an_outermost_transaction(events, monkeypatch):
    original = ManufacturerUIViewSet.list

    def work(*args, **options):
        with transaction.atomic(durable=True):
            return original(*args, **options)

    monkeypatch.setattr(ManufacturerUIViewSet, "list", work)
    assert failures(events(Manufacturer)) == []


def test_open_pages_out_of_time_counts_what_is_left(events):
    found = events(Manufacturer, Device, seconds=-1)
    assert (found[-1]["opened"], found[-1]["left_out"]) == (0, 8)
