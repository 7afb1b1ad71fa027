"""What cannot be read is reported as not checked, never as good."""

import contextlib
import os
import signal
import subprocess
import time
from unittest import mock

import pytest
from amqp.exceptions import AccessRefused, NotFound
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError
from django.test import override_settings
from nautobot.dcim.models import Device
from nautobot.extras.models import DynamicGroup, GitRepository

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.post_upgrade import StaleGroup


@pytest.fixture
def own_database(clone):
    with clone("sample"):
        yield


def collect(topic):
    return getattr(collect_facts(topics=(topic,)), topic)


@pytest.mark.usefixtures("own_database")
def test_home_panels_without_a_superuser_are_unavailable():
    assert not isinstance(collect("extensions").broken_home_panels, Unavailable)
    get_user_model().objects.update(is_active=False)
    assert "no active superuser" in collect("extensions").broken_home_panels.reason


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            DatabaseError("canceling statement due to statement timeout"),
            Unavailable("DatabaseError: canceling statement due to statement timeout"),
            id="a query that the server ends",
        ),
        pytest.param(
            ValueError("no such filter"),
            (StaleGroup("planted", 1, None),),
            id="a filter that fails for everyone",
        ),
    ],
)
@pytest.mark.usefixtures("own_database")
def test_group_members_that_cannot_be_selected_are_not_up_to_date(error, expected):
    model = ContentType.objects.get_for_model(Device)
    DynamicGroup.objects.all().delete()
    filters = {"name": [Device.objects.exclude(name=None).first().name]}
    DynamicGroup.objects.create(name="planted", content_type=model, filter=filters)
    DynamicGroup.objects.create(name="empty", content_type=model, filter={"name": ["nothing"]})
    assert collect("post_upgrade").stale_dynamic_groups == ()
    with mock.patch.object(DynamicGroup, "_get_group_queryset", side_effect=error):
        assert collect("post_upgrade").stale_dynamic_groups == expected


@pytest.mark.usefixtures("own_database")
def test_group_whose_filter_selects_nothing_any_more_is_emptied():
    device = Device.objects.exclude(name=None).first()
    model = ContentType.objects.get_for_model(Device)
    group = DynamicGroup.objects.create(
        name="planted", content_type=model, filter={"name": [device.name]}
    )
    DynamicGroup.objects.filter(pk=group.pk).update(filter={"name": ["nothing"]})
    found = {one.name: one for one in collect("post_upgrade").stale_dynamic_groups}
    assert found["planted"] == StaleGroup("planted", 1, 0)


@pytest.mark.parametrize("content", [None, "DEBUG = (", "DEBUG = True\n"])
def test_configuration_that_cannot_be_read_is_reported(tmp_path, content):
    path = tmp_path / "nautobot_config.py"
    if content:
        path.write_text(content)
    with override_settings(SETTINGS_PATH=str(path)):
        unread = collect("settings").unread_file
    assert bool(unread) is (content != "DEBUG = True\n")
    assert str(settings.SECRET_KEY) not in unread


@pytest.mark.usefixtures("own_database")
def test_jobs_of_a_repository_without_a_clone_are_not_checked(tmp_path):
    with override_settings(GIT_ROOT=str(tmp_path)):
        assert collect("extensions").uncloned_repositories == ()
        repository = {"remote_url": "https://git.example.com/ours", "branch": "main"}
        GitRepository.objects.bulk_create(
            GitRepository(name=slug, slug=slug, provided_contents=contents, **repository)
            for slug, contents in (("ours", ["extras.job"]), ("texts", ["extras.exporttemplate"]))
        )
        assert collect("extensions").uncloned_repositories == ("ours",)
        assert "ours" in collect("customizations").unreadable["Job file"]
        (tmp_path / "ours").mkdir()
        assert collect("extensions").uncloned_repositories == ()
        assert "Job file" not in collect("customizations").unreadable


@contextlib.contextmanager
def worker(instance, name):
    """Start one more worker of this instance."""
    command = [instance.venv / "bin" / "nautobot-server", "celery", "worker", "--hostname", name]
    process = subprocess.Popen(
        [*command, "--pool", "solo", "--queues", name],
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGCONT)
        process.terminate()
        process.wait(60)


def wait_for(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.5)


def test_worker_that_listens_and_does_not_respond_is_counted(instance, monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.PATIENT_TIMEOUT_SECONDS", 1.5)
    before = collect("workers")
    with worker(instance, "planted@here") as process:
        wait_for(lambda: "planted@here" in [one.name for one in collect("workers").workers])
        os.killpg(process.pid, signal.SIGSTOP)
        stopped = collect("workers")
    assert "planted@here" not in [one.name for one in stopped.workers]
    assert stopped.silent_workers == before.silent_workers + 1


def test_collect_waits_for_a_worker_that_is_starting(instance):
    with worker(instance, "planted@here"):
        assert not collect("workers").workers
        found = collect_facts(topics=("workers",), wait_seconds=90).workers
    assert [one.name for one in found.workers] == ["planted@here"]


class ClosingChannel:
    """Closes after an error, and refuses every further use, as a channel of RabbitMQ does."""

    def __init__(self):
        self.is_open = True

    def queue_declare(self, queue, passive):
        assert passive
        assert self.is_open
        if error := {"absent": NotFound, "foreign": AccessRefused}.get(queue):
            self.is_open = False
            raise error(f"no access to {queue}")
        return mock.Mock(message_count=3)


def test_count_messages_after_an_error_uses_another_channel():
    from nautobot_upgrade_jobs.collect.workers import _count_messages

    broker = mock.Mock(channel=lambda: contextlib.nullcontext(ClosingChannel()))
    names = ("absent", "default", "foreign", "other")
    counts = {each.name: each.message_count for each in _count_messages(broker, names)}
    assert isinstance(counts.pop("foreign"), Unavailable)
    assert counts == {"absent": 0, "default": 3, "other": 3}
