"""Which major versions of a chart a range admits."""

import pytest

from nautobot_upgrade_jobs.collect.manifest_files.chart_range import LARGEST_MAJOR, admitted_majors

ALL = tuple(range(LARGEST_MAJOR + 1))


@pytest.mark.parametrize(
    ("text", "majors"),
    [
        ("3.1.2", (3,)),
        ("v3.1.2", (3,)),
        ("2.0.5-beta.1", (2,)),
        ("3", (3,)),
        ("3.x", (3,)),
        ("3.*", (3,)),
        ("~3.1", (3,)),
        ("^2.4.1", (2,)),
        (">=2.0.0 <3.0.0", (2,)),
        (">= 2.4.0, < 3.0.0", (2,)),
        (">=2.0.0 <=3.0.0", (2, 3)),
        (">=2 <4", (2, 3)),
        ("<3.1.0", (0, 1, 2, 3)),
        ("2.x || 3.x", (2, 3)),
        (">=2.0.0 <2.5.0 || ^3.1", (2, 3)),
        ("*", ALL),
        ("", ALL),
        (">2", ALL[2:]),
        (">=3 <2", ()),
        ("=3.1.2", (3,)),
        ("!=3.1.2", ALL),
    ],
)
def test_admitted_majors(text, majors):
    assert admitted_majors(text) == majors


def test_admitted_majors_of_a_long_text_ends():
    assert admitted_majors("9" * 100_000 + "||" * 100_000) is not None
