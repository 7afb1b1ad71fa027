"""Differences between the listings of two states."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Listing
from nautobot_upgrade_jobs.facts.file_groups import list_or_group
from nautobot_upgrade_jobs.snapshot.compare import sections
from nautobot_upgrade_jobs.snapshot.listing_diff import LISTED_TOPICS, listing_fields
from tests.support.builders import setting, settings
from tests.support.snapshot_states import counted, found, listings, state


@pytest.mark.parametrize("topic", LISTED_TOPICS)
def test_listing_differences_compare_every_listing_of_every_topic(topic):
    for section in sections():
        section_topic, _, field = section.partition(".")
        if section_topic != topic:
            continue
        before = state(**{topic: listings(topic, **{field: {"thing": "old"}})})
        after = state(**{topic: listings(topic, **{field: {"thing": "new"}})})
        assert found(before, after) == [("unexpected", section, "thing")]
        assert [kind for kind, _, _ in found(before, state())] == [
            "lost" if section == "files.media" else "unexpected"
        ]


def test_listing_fields_omit_other_types():
    assert listing_fields("schema") == ("columns", "indexes", "constraints")


@pytest.mark.parametrize(
    ("before", "after", "subject"),
    [
        pytest.param(settings(), settings(values=(setting("DEBUG"),)), "DEBUG", id="new"),
        pytest.param(settings(values=(setting("DEBUG"),)), settings(), "DEBUG", id="missing"),
        pytest.param(
            settings(values=(setting("DEBUG"),)),
            settings(values=(replace(setting("DEBUG"), digest="f" * 16),)),
            "DEBUG",
            id="changed",
        ),
        pytest.param(
            settings(),
            settings(environment=("NAUTOBOT_DEBUG",)),
            "$NAUTOBOT_DEBUG",
            id="environment variable",
        ),
        pytest.param(settings(), settings(), None, id="equal"),
    ],
)
def test_listing_differences_settings(before, after, subject):
    expected = [("unexpected", "settings", subject)] if subject else []
    assert found(state(settings=before), state(settings=after)) == expected


@pytest.mark.parametrize(
    ("section", "before", "after", "kind"),
    [
        pytest.param(
            "derived_state.custom_fields",
            counted("5 values", 5, is_user_data=True),
            counted("4 values", 4, is_user_data=True),
            "lost",
            id="fewer custom field values",
        ),
        pytest.param(
            "derived_state.custom_fields",
            counted("4 values", 4, is_user_data=True),
            counted("5 values", 5, is_user_data=True),
            "unexpected",
            id="more custom field values",
        ),
        pytest.param(
            "derived_state.relationships",
            counted("r, 5 associations", 5, is_user_data=True),
            counted("r, 0 associations", 0, is_user_data=True),
            "lost",
            id="no associations",
        ),
        pytest.param(
            "derived_state.relationships",
            counted("r, 5 associations", 5, is_user_data=True),
            {},
            "lost",
            id="missing relationship",
        ),
        pytest.param(
            "derived_state.custom_fields",
            counted("5 values", 5, is_user_data=True),
            {"x": "error: 9 values"},
            "lost",
            id="uncountable values",
        ),
        pytest.param(
            "filter_results.dynamic_groups",
            counted("dcim.device, static: 5 members, a", 5, is_user_data=True),
            counted("dcim.device, static: 4 members, b", 4, is_user_data=True),
            "lost",
            id="fewer static members",
        ),
        pytest.param(
            "filter_results.dynamic_groups",
            counted("dcim.device, dynamic-filter: 5 members, a", 5),
            counted("dcim.device, dynamic-filter: 4 members, b", 4),
            "unexpected",
            id="fewer computed members",
        ),
    ],
)
def test_listing_differences_fewer_user_data_is_a_loss(section, before, after, kind):
    topic, _, field = section.partition(".")
    states = (state(**{topic: listings(topic, **{field: listing})}) for listing in (before, after))
    assert found(*states) == [(kind, section, "x")]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ({"q": "invalid: no sites"}, {"q": "invalid: No field 'sites'"}, []),
        ({"q": "valid"}, {"q": "invalid: no sites"}, ["unexpected"]),
        ({"q": "invalid: no sites"}, {"q": "valid"}, ["unexpected"]),
        (
            Listing({"q": "error: a"}, errors={"q": "a"}),
            Listing({"q": "error: b"}, errors={"q": "b"}),
            [],
        ),
        (Listing({"q": "error: a"}, errors={"q": "a"}), {"q": "valid"}, ["unexpected"]),
    ],
)
def test_listing_differences_of_what_worked_in_neither_state_are_none(before, after, kinds):
    topic, field = "derived_state", "graphql_queries"
    states = (state(**{topic: listings(topic, **{field: each})}) for each in (before, after))
    assert [kind for kind, _, _ in found(*states)] == kinds


def media(*numbers, limit):
    """Return the state of an installation with these media files."""
    paths = ((f"images/{number}.png", "5 bytes") for number in numbers)
    return state(files=listings("files", media=list_or_group(paths, limit)))


@pytest.mark.parametrize("limits", [(9, 9), (9, 100), (100, 9)])
def test_listing_differences_groups_of_files(limits):
    before, after = limits
    assert found(media(*range(50), limit=before), media(*range(50), limit=after)) == []
    fewer = found(media(*range(50), limit=before), media(*range(49), limit=after))
    assert [(kind, section) for kind, section, _ in fewer] == [("lost", "files.media")]
    more = found(media(*range(49), limit=before), media(*range(50), limit=after))
    assert [(kind, section) for kind, section, _ in more] == [("unexpected", "files.media")]
