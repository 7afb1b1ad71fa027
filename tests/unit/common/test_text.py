"""Escaping text."""


def test_escape_nonprintable_keeps_text_on_one_line():
    from nautobot_upgrade_jobs.common.text import escape_nonprintable

    forged = "x\n      ok  summary     GO\x1b[2J"
    assert escape_nonprintable(forged) == "x\\n      ok  summary     GO\\x1b[2J"
    assert escape_nonprintable("Zürich 東京") == "Zürich 東京"
