"""The pages that a rehearsal opens: each kind, as a superuser, without a trace in the database."""

import json

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from nautobot.dcim.models import Device, Manufacturer
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
        *("home", "dcim:manufacturer_list", "dcim-api:manufacturer-list", "dcim.manufacturer"),
        *("extras:status_list", "extras-api:status-list", "extras.status"),
    ]
    assert failures(found) == []
    assert (found[-1]["opened"], found[-1]["left_out"]) == (7, 0)


def test_open_pages_without_a_superuser_uses_one_that_does_not_remain(events):
    users = get_user_model().objects
    users.filter(is_superuser=True).update(is_superuser=False)
    before = users.count()
    assert failures(events(Manufacturer)) == []
    assert users.count() == before


@pytest.mark.parametrize("method", ["list", "retrieve"])
def test_open_pages_reports_a_page_that_raises(events, monkeypatch, method):
    def fail(*args, **options):
        raise LookupError("the template of an App is gone")

    monkeypatch.setattr(ManufacturerUIViewSet, method, fail)
    found = events(Manufacturer, Status)
    name = {"list": "dcim:manufacturer_list", "retrieve": "dcim.manufacturer"}[method]
    assert failures(found) == [name]
    (page,) = [each["failure"] for each in found if each["event"] == "page"]
    assert (page["error"], page["message"]) == ("LookupError", "the template of an App is gone")


def test_open_pages_goes_on_after_an_error_of_the_database(events, monkeypatch):
    def fail(*args, **options):
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM dcim_device")

    monkeypatch.setattr(ManufacturerUIViewSet, "list", fail)
    assert failures(events(Manufacturer, Status)) == ["dcim:manufacturer_list"]


def test_open_pages_keeps_no_change_of_a_page(events, monkeypatch):
    original, before = ManufacturerUIViewSet.list, Manufacturer.objects.count()

    def write(*args, **options):
        Manufacturer.objects.create(name="Written by a page")
        return original(*args, **options)

    monkeypatch.setattr(ManufacturerUIViewSet, "list", write)
    assert failures(events(Manufacturer)) == []
    assert Manufacturer.objects.count() == before


def test_open_pages_out_of_time_counts_what_is_left(events):
    found = events(Manufacturer, Device, seconds=-1)
    assert (found[-1]["opened"], found[-1]["left_out"]) == (0, 7)
