"""A folder with many files becomes groups, whose number does not grow with the files."""

import pytest

from nautobot_upgrade_jobs.facts import Listing
from nautobot_upgrade_jobs.facts.file_groups import group_listing, is_grouped, list_or_group


def files(number, folder="image-attachments", description="5 bytes"):
    return {f"{folder}/{each}.png": description for each in range(number)}


def listed(number, limit=100):
    return list_or_group(files(number).items(), limit)


@pytest.mark.parametrize("number", [0, 1, 100])
def test_list_or_group_up_to_the_limit_lists_each_file(number):
    assert listed(number) == Listing(files(number))


@pytest.mark.parametrize("number", [101, 5_000])
def test_list_or_group_over_the_limit_counts_the_files_of_groups(number):
    listing = listed(number)
    assert is_grouped(listing)
    assert len(listing.items) <= 256
    assert sum(listing.counts.values()) == number


def test_list_or_group_separates_the_top_folders():
    names = list_or_group({**files(20), "logo.png": "1 byte"}.items(), 0).items
    assert {name.partition(":")[0] for name in names} == {"image-attachments", "."}


def test_list_or_group_does_not_depend_on_the_order():
    assert list_or_group(reversed(files(500).items()), 10) == list_or_group(files(500).items(), 10)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"image-attachments/7.png": "6 bytes"}, id="changed"),
        pytest.param({"image-attachments/new.png": "5 bytes"}, id="added"),
    ],
)
def test_list_or_group_shows_a_change_in_one_group(change):
    before, after = listed(5_000), list_or_group({**files(5_000), **change}.items(), 100)
    assert len(before.items.items() - after.items.items()) == 1


def test_group_listing_makes_two_sizes_comparable():
    assert group_listing(listed(100)) == list_or_group(files(100).items(), 99)
    assert group_listing(listed(101)) == listed(101)
