"""A listing keeps the numbers of counted objects next to their descriptions."""

from nautobot_upgrade_jobs.collect.support.counted_objects import (
    CountedObjects,
    EvaluationError,
    add_prefix,
    build_listing,
)
from nautobot_upgrade_jobs.facts import Listing

MEMBERS = CountedObjects("2 members, 00ff", 2)
VALUES = CountedObjects("3 values", 3, is_user_data=True)


def test_build_listing_of_texts_has_no_counts():
    assert build_listing({"a": "valid"}) == Listing({"a": "valid"})


def test_build_listing_of_counted_objects_keeps_order_counts_and_user_data():
    listing = build_listing({"values": VALUES, "text": "valid", "members": MEMBERS})
    assert list(listing.items.items()) == [
        ("values", "3 values"),
        ("text", "valid"),
        ("members", "2 members, 00ff"),
    ]
    assert listing.counts == {"values": 3, "members": 2}
    assert listing.user_data == ("values",)


def test_build_listing_of_errors_keeps_each_reason():
    listing = build_listing({"a": EvaluationError("no such field"), "b": "valid"})
    assert listing == Listing(
        {"a": "error: no such field", "b": "valid"}, errors={"a": "no such field"}
    )


def test_add_prefix_keeps_number_and_reason():
    assert add_prefix("static: ", MEMBERS) == CountedObjects("static: 2 members, 00ff", 2)
    assert add_prefix("static: ", "valid") == "static: valid"
    failed = add_prefix("enabled: ", EvaluationError("timeout"))
    assert build_listing({"a": failed}) == Listing(
        {"a": "enabled: error: timeout"}, errors={"a": "timeout"}
    )
