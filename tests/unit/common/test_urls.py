"""URLs without credentials."""

import pytest

from nautobot_upgrade_jobs.common.urls import mask_url_credentials


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:secret@index.example/simple", "https://***@index.example/simple"),
        ("redis://:secret@cache:6379/0", "redis://***@cache:6379/0"),
        ("HTTPS://token@index.example", "HTTPS://***@index.example"),
        ("https://user:p@ss@index.example", "https://***@index.example"),
        ("git+https://token@git.example/a.git@main", "git+https://***@main"),
        ("https://index.example/simple", "https://index.example/simple"),
        ("write to eve@example.com", "write to eve@example.com"),
    ],
)
def test_mask_url_credentials_leaves_all_else(text, masked):
    assert mask_url_credentials(text) == masked
