"""The data of the charts. Golden files cover their appearance."""

import re
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts.preconditions import COST_TEXTS, CostKind, Lock
from nautobot_upgrade_jobs.report import FORMATS, charts
from nautobot_upgrade_jobs.snapshot.compare import Change, ChangeKind
from nautobot_upgrade_jobs.upgrade.overview import (
    RISK_LEVELS,
    MigrationRisk,
    UpgradeOverview,
)
from tests.support.report_samples import BLOCKER, SAMPLES

PLAN = ("dcim.0089", "dcim.0090", "extras.0126")


LARGEST = 2_000_000


def change(subject, row_counts):
    return Change(ChangeKind.UNEXPECTED, "fingerprints", subject, "…", row_counts=row_counts)


def test_build_readiness_chart_counts_each_check_once():
    for report in SAMPLES.values():
        drawn = sum(
            int(part.title.partition(" ")[0])
            for bar in charts.build_readiness_chart(report)
            for part in bar.segments
        )
        assert drawn == len(report.results)


def test_build_readiness_chart_bars_share_one_scale():
    for bar in charts.build_readiness_chart(SAMPLES["blocked"]):
        assert all(part.width >= charts.MIN_SEGMENT_WIDTH for part in bar.segments)
        end = bar.segments[-1].x + bar.segments[-1].width
        assert 0 < end <= charts.WIDTH + charts.MIN_SEGMENT_WIDTH


def test_build_timeline_has_every_migration_in_order():
    outlook = UpgradeOverview(migrations=tuple(MigrationRisk(one, "plain") for one in PLAN))
    parts = charts.build_timeline(replace(SAMPLES["blocked"], overview=outlook))
    assert [part.title.partition(":")[0] for part in parts] == [
        *("1. dcim.0089", "2. dcim.0090", "3. extras.0126")
    ]
    assert sum(part.width for part in parts) == pytest.approx(charts.WIDTH, abs=1)
    assert charts.build_timeline(replace(SAMPLES["blocked"], overview=None)) == ()


def test_timeline_and_legend_state_the_lock_of_each_migration():
    risks = (
        MigrationRisk("dcim.0089", CostKind.INDEX_BUILD.value, Lock.WRITES),
        MigrationRisk("dcim.0090", CostKind.INDEX_BUILD.value, Lock.READS_AND_WRITES),
        MigrationRisk("extras.0126", CostKind.INDEX_BUILD.value, Lock.WRITES),
    )
    report = replace(SAMPLES["blocked"], overview=UpgradeOverview(migrations=risks))
    texts = COST_TEXTS[CostKind.INDEX_BUILD]
    assert [segment.title.partition(": ")[2] for segment in charts.build_timeline(report)] == [
        texts[risk.lock] for risk in risks
    ]
    assert set(charts.count_risks(report)) == {
        ("index", texts[Lock.WRITES], 2),
        ("index", texts[Lock.READS_AND_WRITES], 1),
    }


def test_build_table_chart_lists_largest_changes_first():
    changes = (
        change("dcim_cable", (3, 1)),
        change("dcim_device", (10, 100)),
        change("new_table", (0, 1)),
        change("dcim_device.name", None),
        change("replaced", (5, 5)),
    )
    found = charts.build_table_chart(replace(SAMPLES["compared"], changes=changes))
    assert [(was.name, was.caption, now.caption) for was, now in found] == [
        ("dcim_device", "10", "100"),
        ("dcim_cable", "3", "1"),
        ("new_table", "0", "1"),
    ]
    (widest,) = found[0][1].segments
    assert widest.width == charts.WIDTH


def test_build_loss_chart_uncounted_loss_is_stated():
    words = {bar.name: bar.caption for bar in charts.build_loss_chart(SAMPLES["blocked"])}
    assert words["Restore the backup"] == "written since: not counted"
    assert words["Reverse the migrations"].startswith("14 dropped, 7 restored empty")


def test_build_loss_chart_without_losses_is_empty():
    assert charts.build_loss_chart(SAMPLES["go"]) == ()
    assert charts.build_loss_chart(SAMPLES["rollback"])


@pytest.mark.parametrize("name", SAMPLES)
def test_charts_every_kind_has_a_colour(name):
    """A kind without a colour would be drawn like the background."""
    html = FORMATS["html"](SAMPLES[name])
    known = set(re.findall(r"rect\.p-([a-z-]+)", html.partition("</style>")[0])) | {
        "not-applicable",
        "plain",
    }
    assert set(re.findall(r'class="p-([a-z-]+)"', html)) <= known
    assert known >= set(RISK_LEVELS) - {"plain"}
    assert known >= {kind.replace(" ", "-") for kind in charts.CHECK_OUTCOMES} - {"not-applicable"}


def test_render_html_with_500_findings_stays_under_two_megabytes():
    many = tuple(
        replace(BLOCKER, subject=f"table_{number}", evidence=("row of some table " * 5,) * 10)
        for number in range(500)
    )
    report = SAMPLES["blocked"]
    results = (replace(report.results[0], findings=many), *report.results[1:])
    html = FORMATS["html"](replace(report, results=results))
    assert html.count("<article") > 500
    assert len(html.encode()) < LARGEST
