"""Quantities and durations of manifests."""

import pytest

from nautobot_upgrade_jobs.collect.manifest_files.values import parse_duration, parse_memory


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("512Mi", 512),
        ("1Gi", 1024),
        ("1.5Gi", 1536),
        ("1g", 953),
        ("1gb", 953),
        ("536870912", 512),
        (536870912, 512),
        ("512MiB", 512),
        ("", None),
        (None, None),
        ("much", None),
        ("-1", None),
    ],
)
def test_parse_memory(text, mib):
    assert parse_memory(text) == mib


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m0s", 300),
        ("1h", 3600),
        ("1m30s", 90),
        ("90", 90),
        (90, 90),
        ("500ms", 0),
        ("", None),
        (None, None),
        ("5 minutes", None),
        ("m5", None),
    ],
)
def test_parse_duration(text, seconds):
    assert parse_duration(text) == seconds
