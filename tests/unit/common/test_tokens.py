"""Random words in a text."""

import pytest

from nautobot_upgrade_jobs.common.tokens import find_tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", ["16C7e42F292c6912E7710c838347Ae178B4a"]),
        ("https://index.example/7169605F62C751356D05/simple", ["7169605F62C751356D05"]),
        ("nautobot-7d9c6b5f6d-x2x4z", []),
        ("nautobot_device_lifecycle_mgmt", []),
        ("/opt/nautobot/releases/2.4.44/venv/bin", []),
        ("2026-11-22T08:40:00+00:00", []),
        ("a" * 40, []),
        ("1" * 40, []),
        ("", []),
    ],
)
def test_find_tokens_yields_long_words_of_letters_and_digits(text, expected):
    assert list(find_tokens(text)) == expected
