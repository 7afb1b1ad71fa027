"""Secrets are found in settings, and values have a stable text."""

from dataclasses import dataclass

import pytest

from nautobot_upgrade_jobs.collect.support.secret_values import find_secrets, stable_repr


@dataclass
class Login:
    user: str
    password: str


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("AWS_ACCESS_KEY_ID", "AKIA0123", "AKIA0123"),
        ("API_KEYS", ["abc123"], "abc123"),
        pytest.param("SECRET_KEY", "abcdef", "abcdef", id="sensitive name"),
        pytest.param("LOGIN", {"password": "with/slash"}, "with/slash", id="nested key"),
        pytest.param("TOKENS", ["first"], "first", id="list"),
        pytest.param("SNMP_COMMUNITY", b"public", "public", id="bytes"),
        pytest.param("CACHE", "redis://user:se@cret@host:1/0", "se@cret", id="password in a URL"),
        pytest.param("ANY", ("amqp://:pw@host",), "pw", id="URL without a user"),
        pytest.param("aci", "admin:pa/ss@host", "pa/ss", id="login without a scheme"),
        pytest.param("DB", "Server=db; Uid=sa; Pwd = abc;", "abc", id="connection string"),
        pytest.param("DB", '{"host": "db", "password": "a b"}', "a b", id="JSON"),
        pytest.param("DB", "{'user': 'me', 'token': 'abc'}", "abc", id="Python dict as a text"),
        pytest.param("aci_creds", "abc", "abc", id="credentials"),
        pytest.param("SITE_PASSWORDS", {"berlin": "nested"}, "nested", id="collection of secrets"),
        pytest.param("TOKENS", {"berlin": {"a": ["deep"]}}, "deep", id="deep in a collection"),
        pytest.param("PASSWORD", "/Tr0ub4dor&3x", "/Tr0ub4dor&3x", id="slash at the start"),
        pytest.param("PASSWORD", "/Sl4sh-pa55", "/Sl4sh-pa55", id="not a path of a file"),
        pytest.param("PASSWORD", "a://", "a://", id="not a URL"),
        pytest.param("SNMP_PIN", 48151623, "48151623", id="number"),
        pytest.param("API_TOKEN", bytearray(b"abc"), "abc", id="bytearray"),
        pytest.param("ANY", Login("me", "abc"), "abc", id="dataclass"),
    ],
)
def test_find_secrets_yields_the_secret(name, value, secret):
    assert list(find_secrets(name, value)) == [secret]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("TIME_ZONE", "Europe/Paris", id="harmless name"),
        pytest.param("AUTHENTICATION_BACKENDS", ["a.Backend"], id="list of classes"),
        pytest.param("SECRET_FILE_LOCATION", "/etc/secret", id="path"),
        pytest.param("TOKEN_URL", "https://host/token", id="URL without a password"),
        pytest.param("PASSWORD_MIN_LENGTH", 12, id="number"),
        pytest.param("TOKEN_SECONDS", 1209600, id="duration"),
        pytest.param("VAULT_CREDENTIALS", {"username": "nautobot"}, id="user in a collection"),
        pytest.param("WEBHOOKS", {"format": "json"}, id="collection that may contain secrets"),
        pytest.param("ADDRESS", "reader@host, mailto:reader", id="mail address"),
        pytest.param("FILTER", "name=x;status=active", id="pairs"),
        pytest.param("FILTER", '{"name": "x", "status": "active"}', id="JSON"),
        pytest.param("BANNER", "Password: as on your badge", id="sentence"),
        pytest.param("INCREDIBLE", "abc", id="part of a word"),
    ],
)
def test_find_secrets_harmless_value_yields_nothing(name, value):
    assert list(find_secrets(name, value)) == []


def test_find_secrets_setting_that_contains_itself_ends():
    circle = {"password": "abcdef"}
    circle["again"] = circle
    assert set(find_secrets("CIRCLE", circle)) == {"abcdef"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, id="order of keys"),
        pytest.param({"x", "y", "z"}, {"z", "y", "x"}, id="order of a set"),
        pytest.param([1, 2], (1, 2), id="list and tuple"),
        pytest.param([object()], [object()], id="memory address"),
    ],
)
def test_stable_repr_ignores_what_differs_between_processes(first, second):
    assert stable_repr(first) == stable_repr(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param([1, 2], [2, 1], id="order of a list"),
        pytest.param({"a": 1}, {"a": 2}, id="value"),
        pytest.param(len, sorted, id="function"),
        pytest.param("1", 1, id="type"),
    ],
)
def test_stable_repr_keeps_real_differences(first, second):
    assert stable_repr(first) != stable_repr(second)


def test_stable_repr_value_that_contains_itself_is_cut():
    circle = []
    circle.append(circle)
    assert stable_repr(circle) == "[" * 8 + "…" + "]" * 8
