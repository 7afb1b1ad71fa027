"""Rules about workers, queues and beat."""

import pytest

from nautobot_upgrade_jobs.checks.rules.workers import stuck_messages
from nautobot_upgrade_jobs.facts import Unavailable, Workers
from nautobot_upgrade_jobs.facts.workers import Beat, KubernetesQueues, Queue, Worker
from tests.support.builders import facts, identity, target, worker, workers

OLDER = "fedcba9876543210"


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        pytest.param([worker()], [], id="current code"),
        pytest.param([worker(), worker(name="celery@other")], [], id="two current workers"),
        pytest.param([worker(identity=identity(host="other"))], [], id="another host"),
        pytest.param(
            [worker(identity=identity(loaded_digest=OLDER))],
            [("blocker", "celery@host")],
            id="older code loaded",
        ),
        pytest.param(
            [worker(identity=identity(started_at="2026-11-02T08:59:59+00:00"))],
            [("blocker", "celery@host")],
            id="started before the installation",
        ),
        pytest.param(
            [
                worker(),
                worker(
                    name="celery@b", identity=identity(loaded_digest=OLDER, on_disk_digest=OLDER)
                ),
            ],
            [("blocker", "celery@b")],
            id="older code installed on its host",
        ),
        pytest.param(
            [worker(), worker(name="celery@git", identity=None)], "skipped", id="no identity"
        ),
    ],
)
def test_stale_code_of_a_worker_blocks(findings_of, running, expected):
    assert findings_of("workers.stale_code", facts(workers=workers(*running))) == expected


def test_stale_code_without_a_responding_worker_is_skipped(findings_of):
    assert findings_of("workers.stale_code", facts(workers=Workers((), ()))) == "skipped"


def test_stale_code_without_the_identity_of_this_process_is_skipped(findings_of):
    assert findings_of("workers.stale_code", facts(workers=workers(this_process=None))) == "skipped"


@pytest.mark.parametrize(
    ("running", "silent", "expected"),
    [
        pytest.param([worker()], 0, [], id="all respond"),
        pytest.param([worker()], 1, [("warning", "celery")], id="one is silent"),
    ],
)
def test_not_responding_worker_that_listens_is_a_warning(findings_of, running, silent, expected):
    state = facts(workers=workers(*running, silent_workers=silent))
    assert findings_of("workers.not_responding", state) == expected


def test_not_responding_without_any_worker_leaves_it_to_another_check(findings_of):
    state = facts(workers=Workers((), (), silent_workers=2))
    assert findings_of("workers.not_responding", state) == []


@pytest.mark.parametrize(
    ("beat", "expected"),
    [
        pytest.param(Beat(2, {}), [], id="recent heartbeat"),
        pytest.param(Beat(119, {}), [], id="heartbeat within the timeout"),
        pytest.param(Beat(None, {}), [], id="no heartbeat file"),
        pytest.param(Beat(None, {"Nightly": 9}), [], id="late within the grace time"),
        pytest.param(Beat(2, {"Nightly": 700}), [], id="runs, late for another reason"),
        pytest.param(Beat(121, {}), [("warning", "beat")], id="old heartbeat"),
        pytest.param(
            Beat(9_000, {"Nightly": 700}), [("warning", "beat")], id="old heartbeat and late"
        ),
        pytest.param(Beat(90_000, {}), [], id="orphaned heartbeat file"),
        pytest.param(
            Beat(90_000, {"Nightly": 700}),
            [("warning", "beat")],
            id="orphaned heartbeat file and late",
        ),
        pytest.param(Beat(None, {"Nightly": 10}), [("warning", "beat")], id="late"),
        pytest.param(Beat(2, Unavailable("permission denied")), "skipped", id="unavailable"),
        pytest.param(None, "not_applicable", id="no traces"),
    ],
)
def test_beat_not_running_with_old_heartbeat_or_late_schedules_warns(findings_of, beat, expected):
    assert findings_of("workers.beat_not_running", facts(workers=workers(beat=beat))) == expected


@pytest.mark.parametrize(
    ("queues", "expected"),
    [
        pytest.param(("default",), [], id="served"),
        pytest.param(("bulk", "default"), [], id="served among others"),
        pytest.param(("bulk",), [("warning", "default")], id="unserved"),
    ],
)
def test_default_queue_unserved_by_any_worker_warns(findings_of, queues, expected):
    state = facts(workers=workers(worker(queues=queues)))
    assert findings_of("workers.default_queue_unserved", state) == expected


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        pytest.param((), [("warning", "celery")], id="no worker"),
        pytest.param((Worker("w", ("default",)),), [], id="one worker"),
    ],
)
def test_none_responding_without_workers_warns(findings_of, running, expected):
    state = facts(workers=Workers(running, (Queue("default", 0),)))
    assert findings_of("workers.none_responding", state) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(3, [("warning", "default")], id="waiting"),
        pytest.param(0, [], id="empty"),
        pytest.param(Unavailable("ACCESS_REFUSED"), "skipped", id="refused"),
    ],
)
def test_stuck_messages_in_a_queue_warn(findings_of, count, expected):
    state = facts(workers=Workers((), (Queue("default", count),)))
    assert findings_of("workers.stuck_messages", state) == expected


def test_stuck_messages_are_reported_if_another_queue_is_unknown():
    unknown = Queue("private", Unavailable("ACCESS_REFUSED"))
    found = stuck_messages(Workers((), (unknown, Queue("default", 3))))
    assert next(found).subject == "default"


@pytest.mark.parametrize(
    ("image", "to", "expected"),
    [
        pytest.param("example/nautobot:3.2.7-py3.12", "3.2.7", [], id="installed release"),
        pytest.param(
            "example/nautobot:2.4.44", "3.2.7", [("blocker", "image")], id="older release"
        ),
        pytest.param("example/nautobot:latest", "3.2.7", "skipped", id="no release in the tag"),
        pytest.param("", "3.2.7", "not_applicable", id="no manifest"),
    ],
)
def test_kubernetes_job_image_of_another_release_blocks(findings_of, image, to, expected):
    state = facts(workers=workers(kubernetes=KubernetesQueues(("pods",), image)))
    assert findings_of("workers.kubernetes_job_image", state, target(to, to)) == expected


def test_kubernetes_job_image_must_change_with_the_upgrade(findings_of):
    queues = KubernetesQueues(("pods",), "example/nautobot:2.4.44")
    state = facts(workers=workers(kubernetes=queues))
    assert findings_of("workers.kubernetes_job_image", state) == [("warning", "image")]
    assert findings_of("workers.kubernetes_job_image") == "not_applicable"
