"""A listing keeps the numbers of counted objects next to their descriptions."""

from nautobot_upgrade_jobs.collect.support.counted_objects import CountedObjects, build_listing
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


def test_with_prefix_keeps_the_number():
    assert MEMBERS.with_prefix("static: ") == CountedObjects("static: 2 members, 00ff", 2)
