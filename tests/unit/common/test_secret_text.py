"""Secrets in a text, in plain text, encoded and in parts."""

import base64
import html
import json
import re
import shlex
import urllib.parse

import pytest

from nautobot_upgrade_jobs.common.secret_text import mask_secrets

SECRET = 'pl@nted/Secret&"0815"=é\''
TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


def masked(text, *secrets):
    return mask_secrets(text, secrets or (SECRET, TOKEN))


@pytest.mark.parametrize("secret", [SECRET, TOKEN])
@pytest.mark.parametrize(
    "encode",
    [
        str,
        lambda text: text[::-1],
        urllib.parse.quote,
        lambda text: urllib.parse.quote(text, safe=""),
        urllib.parse.quote_plus,
        html.escape,
        json.dumps,
        repr,
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: text.encode().hex(" "),
        lambda text: text.encode().hex(":").upper(),
        lambda text: repr(text.encode()),
        ascii,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: re.sub("%..", lambda match: match[0].lower(), urllib.parse.quote(text)),
        lambda text: f"'{text.replace(chr(39), chr(39) * 2)}'",
        str.upper,
        str.lower,
        shlex.quote,
        lambda text: "".join(f"&#{ord(each)};" for each in text),
        lambda text: html.escape(text).replace("&#x27;", "&#39;"),
        lambda text: base64.b32encode(text.encode()).decode(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"me:{text}:x".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"u{text}".encode()).decode(),
    ],
)
def test_mask_secrets_finds_each_encoding(secret, encode):
    encoded = encode(secret)
    found = masked(f"before {encoded} after")
    assert found.startswith("before ")
    assert found.endswith(" after")
    longest = max(
        (
            encoded[start : start + 12]
            for start in range(len(encoded) - 11)
            if encoded[start : start + 12] in found
        ),
        default="",
    )
    assert longest == ""


@pytest.mark.parametrize("start", [0, 5, len(TOKEN) - 10])
def test_mask_secrets_finds_a_part_of_a_secret(start):
    part = TOKEN[start : start + 10]
    assert masked(f"invalid token '{part}…'") == "invalid token '***…'"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("the password is wrong", "changeme-password1"),
        ("Nautobot 3.2.7 on PostgreSQL 18.1", TOKEN),
        ("ghp_16C", TOKEN),
        ("", TOKEN),
    ],
)
def test_mask_secrets_leaves_ordinary_words(text, secret):
    assert masked(text, secret) == text


def test_mask_secrets_without_secrets_changes_nothing():
    assert mask_secrets("some text", ()) == "some text"


def test_mask_secrets_leaves_other_spellings_of_an_ordinary_word():
    assert masked("NAUTOBOT nautobot Nautobot", "Nautobot") == "NAUTOBOT nautobot ***"


def test_mask_secrets_that_overlap_are_masked_as_a_whole():
    assert masked("<abcdef123456>", "abcdef1234", "def123456") == "<***>"
