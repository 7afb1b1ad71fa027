"""What the pictures of a report show, as numbers; how they look is in the golden files."""

import re
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.preconditions import (
    OperationCost,
    Precondition,
    PreconditionResult,
    Preconditions,
)
from nautobot_upgrade_jobs.report import FORMATS
from nautobot_upgrade_jobs.report import charts as pictures
from nautobot_upgrade_jobs.snapshot.compare import Change, Kind
from nautobot_upgrade_jobs.upgrade.overview import RISKS, Migrating, Outlook, by_risk, way_to
from tests.support.report_samples import BLOCKER, SAMPLES

PLAN = ("dcim.0089", "dcim.0090", "extras.0126")
LARGEST = 2_000_000


def answer(kind, migration="dcim.0090", rows=1):
    return PreconditionResult(Precondition(kind, migration, "AlterField", "dcim_cable"), rows)


@pytest.mark.parametrize(
    ("preconditions", "risks"),
    [
        (Preconditions(), ("plain", "plain", "plain")),
        (Unavailable("not built"), ("unknown", "unknown", "unknown")),
        (Preconditions(violated=(answer("unique"),)), ("plain", "stops", "plain")),
        # What complies, and what takes something without a word, stops nothing.
        (Preconditions(violated=(answer("unique", rows=0),)), ("plain", "plain", "plain")),
        (Preconditions(violated=(answer("cut"),)), ("plain", "plain", "plain")),
        (
            Preconditions(operation_costs=(OperationCost("code", "dcim.0089", "RunPython"),)),
            ("code", "plain", "plain"),
        ),
        # The worst of what it does is what it is coloured by.
        (
            Preconditions(
                operation_costs=(
                    OperationCost("index", "extras.0126", "AddIndex"),
                    OperationCost("rewrite", "extras.0126", "AlterField"),
                )
            ),
            ("plain", "plain", "rewrite"),
        ),
    ],
)
def test_a_migration_is_as_bad_as_the_worst_of_it(preconditions, risks):
    assert tuple(one.risk for one in by_risk(PLAN, preconditions)) == risks


def test_the_way_has_both_ends():
    assert [one.kind for one in way_to("2.4.44", "3.2.7", ())] == ["installed", "target"]
    assert [one.release for one in way_to("3.2.7", "3.2.7", ())] == ["3.2.7"]


def test_each_check_is_drawn_once():
    for report in SAMPLES.values():
        drawn = sum(
            int(part.title.partition(" ")[0])
            for bar in pictures.build_readiness_chart(report)
            for part in bar.segments
        )
        assert drawn == len(report.results)


def test_bars_are_drawn_by_one_measure_and_stay_inside():
    for bar in pictures.build_readiness_chart(SAMPLES["blocked"]):
        assert all(part.width >= pictures.MIN_SEGMENT_WIDTH for part in bar.segments)
        end = bar.segments[-1].x + bar.segments[-1].width
        assert 0 < end <= pictures.WIDTH + pictures.MIN_SEGMENT_WIDTH


def test_the_timeline_has_every_migration_in_its_order():
    outlook = Outlook(migrations=tuple(Migrating(one, "plain") for one in PLAN))
    parts = pictures.build_timeline(replace(SAMPLES["blocked"], overview=outlook))
    assert [part.title.partition(":")[0] for part in parts] == [
        *("1. dcim.0089", "2. dcim.0090", "3. extras.0126")
    ]
    assert sum(part.width for part in parts) == pytest.approx(pictures.WIDTH, abs=1)
    assert pictures.build_timeline(replace(SAMPLES["blocked"], overview=None)) == ()


def change(subject, before, after):
    return Change(Kind.UNEXPECTED, "fingerprints", subject, "…", before, after)


def test_the_tables_that_changed_most_come_first():
    changes = (
        change("dcim_cable", "3 rows", "1 row"),
        change("dcim_device", "10 rows", "100 rows"),
        change("new_table", "", "1 row"),
        change("dcim_device.name", "sha", "other"),
    )
    found = pictures.build_table_chart(replace(SAMPLES["compared"], changes=changes))
    assert [(was.name, was.caption, now.caption) for was, now in found] == [
        ("dcim_device", "10", "100"),
        ("dcim_cable", "3", "1"),
        ("new_table", "0", "1"),
    ]
    (widest,) = found[0][1].segments
    assert widest.width == pictures.WIDTH


def test_what_nobody_has_counted_is_not_called_nothing():
    words = {bar.name: bar.caption for bar in pictures.build_loss_chart(SAMPLES["blocked"])}
    assert words["Restore the backup"] == "written since: not counted"
    assert words["Reverse the migrations"].startswith("14 goes, 7 comes back empty")


def test_what_loses_nothing_is_not_drawn():
    assert pictures.build_loss_chart(SAMPLES["go"]) == ()
    assert pictures.build_loss_chart(SAMPLES["rollback"])


@pytest.mark.parametrize("name", SAMPLES)
def test_every_colour_is_one_of_the_sheet(name):
    """A kind that nobody has given a colour would be drawn like the background."""
    html = FORMATS["html"](SAMPLES[name])
    known = set(re.findall(r"rect\.p-([a-z-]+)", html.partition("</style>")[0])) | {"idle", "plain"}
    assert set(re.findall(r'class="p-([a-z-]+)"', html)) <= known
    assert known >= set(RISKS) - {"plain"}
    assert known >= {kind.replace(" ", "-") for kind in pictures.CHECK_OUTCOMES} - {"idle"}


def test_a_report_of_500_findings_is_a_file_that_one_can_mail():
    many = tuple(
        replace(BLOCKER, subject=f"table_{number}", evidence=("row of some table " * 5,) * 10)
        for number in range(500)
    )
    report = SAMPLES["blocked"]
    results = (replace(report.results[0], findings=many), *report.results[1:])
    html = FORMATS["html"](replace(report, results=results))
    assert html.count("<article") > 500
    assert len(html.encode()) < LARGEST
