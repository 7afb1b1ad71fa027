"""Backported changes."""

import pytest

from nautobot_upgrade_jobs.catalog.versions import includes_change


@pytest.mark.parametrize(
    ("version", "marks", "expected"),
    [
        ("2.4.24", ["2.4.24", "3.0.3"], True),
        ("2.4.23", ["2.4.24", "3.0.3"], False),
        ("3.0.2", ["2.4.24", "3.0.3"], False),
        ("3.0.3", ["2.4.24", "3.0.3"], True),
        ("3.1.0", ["2.4.24", "3.0.3"], True),
        ("2.3.16", ["2.4.24", "3.0.3"], False),
        ("3.0.11", ["2.4.33", "3.1.2"], False),
        ("3.1.1", ["2.4.33", "3.1.2"], False),
        ("3.1.2", ["2.4.33", "3.1.2"], True),
        ("3.0.0", ["2.4.20"], True),
        ("3.0.0", [], False),
    ],
)
def test_includes_change_backported_change_counts_per_line(
    version: str, marks: list[str], expected: bool
) -> None:
    assert includes_change(version, marks) is expected
