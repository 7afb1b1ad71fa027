"""The first words of a statement."""

from nautobot_upgrade_jobs.target.isolation.postgresql.statements import skip_separators
from nautobot_upgrade_jobs.target.isolation.words import read_leading_words


def test_read_leading_words_reads_no_further_than_the_first_other_character():
    assert read_leading_words(b"select a, b", skip_separators) == ("SELECT", "A")
    assert read_leading_words(b"\xffCOMMIT", skip_separators) == ()
