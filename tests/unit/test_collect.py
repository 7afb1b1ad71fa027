"""A topic that cannot be collected is unavailable with the reason; the others are collected."""

import importlib
import sys
from contextlib import contextmanager
from functools import cache
from types import ModuleType, SimpleNamespace

import pytest

from nautobot_upgrade_jobs.facts import NOT_COLLECTED, Unavailable

PACKAGE = "nautobot_upgrade_jobs.collect"
TOPICS = ("redis", "jobs", "tables")


class SoftTimeLimitExceeded(Exception):
    """Stands for Celery's exception, which is an ordinary ``Exception``."""


@cache
def configured_secrets():
    return ()


@contextmanager
def read_only_session(timeout, alias):
    yield SimpleNamespace(close_if_unusable_or_obsolete=lambda: None)


@contextmanager
def refused_session(timeout, alias):
    raise RuntimeError("refused")
    yield


STUBS = {
    "celery": {},
    "celery.exceptions": {"SoftTimeLimitExceeded": SoftTimeLimitExceeded},
    "django": {},
    "django.db": {"Error": type("Error", (Exception,), {})},
    f"{PACKAGE}.db.read_only_session": {"read_only_session": read_only_session},
    f"{PACKAGE}.support.running_migration": {"find_running_migration": lambda *_: ""},
    f"{PACKAGE}.support.redaction": {
        "redact_text": str,
        "configured_secrets": configured_secrets,
    },
}


def own_modules():
    return [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]


def fail(error):
    def collect(context):
        raise error

    return collect


@pytest.fixture
def collect(monkeypatch):
    """Import the package with stubs, so that neither Django nor Celery is needed."""
    for name in own_modules():
        monkeypatch.delitem(sys.modules, name)
    for name, attributes in STUBS.items():
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
    yield importlib.import_module(PACKAGE)
    for name in own_modules():
        del sys.modules[name]


@pytest.fixture
def collect_with(collect):
    """Return a function: collectors by topic to the facts of ``TOPICS``."""

    def run(**collectors):
        for topic in TOPICS:
            module = ModuleType(f"{PACKAGE}.{topic}")
            vars(module)["collect"] = collectors.get(topic, lambda context, topic=topic: topic)
            sys.modules[module.__name__] = module
        return collect.collect_facts(topics=TOPICS)

    return run


def test_collect_facts_returns_requested_topics_only(collect_with):
    facts = collect_with()
    assert (facts.redis, facts.jobs, facts.tables) == TOPICS
    assert facts.apps is NOT_COLLECTED


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(ValueError("broken"), "ValueError: broken", id="exception"),
        pytest.param(SystemExit(3), "SystemExit: 3", id="exit"),
    ],
)
def test_collect_facts_failing_topic_leaves_the_others(collect_with, error, reason):
    facts = collect_with(jobs=fail(error))
    assert (facts.redis, facts.tables) == ("redis", "tables")
    assert facts.jobs == Unavailable(reason)


def test_collect_facts_soft_time_limit_keeps_the_collected_topics(collect_with, collect):
    facts = collect_with(jobs=fail(SoftTimeLimitExceeded()))
    assert facts.redis == "redis"
    assert facts.jobs == facts.tables == collect.SOFT_TIME_LIMIT


def test_collect_facts_keyboard_interrupt_passes(collect_with):
    with pytest.raises(KeyboardInterrupt):
        collect_with(jobs=fail(KeyboardInterrupt()))


def test_collect_facts_without_session_is_unavailable_for_every_topic(
    collect_with, collect, monkeypatch
):
    monkeypatch.setattr(collect, "read_only_session", refused_session)
    facts = collect_with()
    reason = Unavailable("no read-only database session: RuntimeError: refused")
    assert facts.redis == facts.jobs == facts.tables == reason
