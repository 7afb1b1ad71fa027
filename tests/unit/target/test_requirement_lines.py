"""Parsing requirements in old and unusual forms."""

import pytest

from nautobot_upgrade_jobs.target.requirement_lines import (
    is_plain_requirement,
    parse_python_specifier,
    parse_requirement,
)


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("lib>=1.0.*", "lib>=1.0"),
        ("lib (>=1.0)", "lib>=1.0"),
        ("lib==1.0 --hash=sha256:aa", "lib==1.0"),
        ("lib[x]>=1; python_version < '4'", 'lib[x]>=1; python_version < "4"'),
        ("lib @ https://example.com/lib.whl", "lib"),
        ("-r other.txt", None),
        ("git+https://example.com/lib.git", None),
        ("lib; sys_platform == win32", None),
    ],
)
def test_parse_requirement_unusual_forms_are_normalized(text, understood):
    line = parse_requirement(text)
    assert (str(line) if line else None) == understood


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("lib==1.0 --hash=sha256:aa", True),
        ("lib>=1", True),
        ("lib @ https://example.com/lib.whl", False),
        ("-r other.txt", False),
    ],
)
def test_is_plain_requirement_rejects_options_and_urls(text, whole):
    assert is_plain_requirement(text) is whole


@pytest.mark.parametrize(("text", "read"), [(">=3.6.*", ">=3.6"), ("3", ""), (">=3.8", ">=3.8")])
def test_parse_python_specifier_unusual_forms_are_normalized(text, read):
    assert parse_python_specifier(text) == read
