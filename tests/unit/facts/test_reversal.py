"""The time of application is known only if both ends are."""

from datetime import datetime, timezone

from nautobot_upgrade_jobs.facts.reversal import Reversal

FIRST, LAST = "2026-11-22T08:40:00+00:00", "2026-11-22T08:45:00+00:00"


def test_applied_between_both_times_known_returns_them():
    first, last = Reversal(first_applied=FIRST, last_applied=LAST).applied_between
    assert first == datetime(2026, 11, 22, 8, 40, tzinfo=timezone.utc)
    assert last == datetime(2026, 11, 22, 8, 45, tzinfo=timezone.utc)


def test_applied_between_one_time_unknown_returns_none():
    assert Reversal(first_applied=FIRST).applied_between is None
    assert Reversal(last_applied=LAST).applied_between is None
