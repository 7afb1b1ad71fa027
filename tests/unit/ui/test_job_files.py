"""The order and the purpose of a run's files."""

import pytest

from nautobot_upgrade_jobs.report import render_files
from nautobot_upgrade_jobs.ui.job_files import describe_file, sort_files
from tests.support.report_samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_every_file_of_a_report_has_a_purpose_of_its_own(name):
    files = render_files(SAMPLES[name], pytest.fail)
    purposes = [describe_file(file) for file in files]
    assert all(purposes)
    assert len(set(purposes)) == len(files)


def test_sort_files_puts_the_report_first_and_its_other_forms_last():
    names = sort_files(render_files(SAMPLES["blocked"], pytest.fail), str)
    stem = SAMPLES["blocked"].file_stem
    assert names == [
        f"{stem}.html",
        "upgrade-plan.md",
        "upgrade.sh",
        "constraints.txt",
        f"{stem}.summary.txt",
        f"{stem}.csv",
        f"{stem}.md",
        f"{stem}.json",
    ]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("rollback-nautobot-20261120T120000Z-steps.md", "The steps of the rollback"),
        ("rollback-nautobot-20261120T120000Z.sh", "The same steps as a script"),
        ("rollback-requirements-without-hashes.txt", "The packages before the upgrade"),
        ("snapshot-nautobot-20261120T120000Z.json.gz", "The snapshot"),
        ("other.bin", ""),
        ("", ""),
    ],
)
def test_describe_file(name, start):
    assert describe_file(name).startswith(start)
    assert bool(describe_file(name)) is bool(start)


def test_sort_files_puts_unknown_files_last():
    assert sort_files(["a.bin", "upgrade.sh"], str) == ["upgrade.sh", "a.bin"]
