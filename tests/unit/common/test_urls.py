"""URLs without credentials."""

import pytest

from nautobot_upgrade_jobs.common.urls import mask_url_credentials, shorten_urls


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:secret@index.example/simple", "https://***@index.example/simple"),
        ("redis://:secret@cache:6379/0", "redis://***@cache:6379/0"),
        ("HTTPS://token@index.example", "HTTPS://***@index.example"),
        ("https://user:p@ss@index.example", "https://***@index.example"),
        ("git+https://token@git.example/a.git@main", "git+https://***@main"),
        ("https://index.example/simple", "https://index.example/simple"),
        ("https://i.example/7169605F62C751356D05/simple", "https://i.example/***/simple"),
        ("https://i.example/simple?token=abc", "https://i.example/simple?***"),
        ("at https://i.example/simple?token=abc).", "at https://i.example/simple?***)."),
        ("what is https://i.example/a?", "what is https://i.example/a?"),
        (r"https:\/\/bob:secret@index.example", r"https:\/\/***@index.example"),
        ("https%3A%2F%2Fbob%3Asecret%40host%2Fa", "https%3A%2F%2F***%40host%2Fa"),
        ("from //bob:secret@index.example/a", "from //***@index.example/a"),
        ("see //docs/@types and a//b@c", "see //docs/@types and a//b@c"),
        (
            "https://docs.example/notes/3.2.html#in-v320b1",
            "https://docs.example/notes/3.2.html#in-v320b1",
        ),
        ("https://u:p@i.example/a?b=c#d", "https://***@i.example/a?***#d"),
        ("write to eve@example.com", "write to eve@example.com"),
    ],
)
def test_mask_url_credentials_leaves_all_else(text, masked):
    assert mask_url_credentials(text) == masked


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("https://index.example/simple", "https://index.example/simple"),
        ("https://index.example/short/pypi/simple/", "https://index.example/***/simple"),
        ("https://user:secret@index.example/a/b", "https://***@index.example/***/b"),
        (
            "a @ https://index.example/x/a-1.0.whl?sig=1",
            "a @ https://index.example/***/a-1.0.whl?***",
        ),
        ("git+https://git.example/x/a.git", "git+https://git.example/***/a.git"),
        ("file:///opt/wheels", "file:///***/wheels"),
        ("no URL", "no URL"),
        ("https://index.example", "https://index.example"),
    ],
)
def test_shorten_urls_keeps_scheme_host_and_last_segment(text, shortened):
    assert shorten_urls(text) == shortened
