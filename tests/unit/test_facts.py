"""Each topic of the facts has one dataclass."""

import pytest

from nautobot_upgrade_jobs.facts import NOT_COLLECTED, Facts, Jobs, PlannedReversal
from tests.support import builders


@pytest.mark.parametrize("topic", Facts.topics())
def test_get_topic_type_returns_value_of_that_topic(topic):
    facts = builders.facts()
    assert facts.get(Facts.type_of(topic)) is getattr(facts, topic)


def test_get_topic_that_was_not_collected_is_unavailable():
    assert Facts().get(Jobs) is NOT_COLLECTED


def test_type_of_topic_returns_its_dataclass():
    assert Facts.type_of("planned_reversal") is PlannedReversal


def test_topics_have_distinct_types():
    types = {Facts.type_of(topic) for topic in Facts.topics()}
    assert len(types) == len(Facts.topics())
