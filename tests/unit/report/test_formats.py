"""Every format of every sample, compared with golden files.

After an intended change: ``UPDATE_GOLDEN=1 python -m pytest tests/unit/report``, and read the diff.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.report import FILE_FORMATS, FORMATS, render_files
from nautobot_upgrade_jobs.runbook.rollback import plan_rollback_steps
from nautobot_upgrade_jobs.runbook.target_packages import TargetPackages
from nautobot_upgrade_jobs.runbook.upgrade import UpgradePlan, plan_upgrade
from tests.support.builders import DEPLOYMENTS, database, known, runtime_of
from tests.support.report_samples import BACK, SAMPLES

GOLDEN = Path(__file__).parent / "golden"


ENDINGS = {
    "text": "txt",
    "json": "json",
    "markdown": "md",
    "html": "html",
    "junit": "junit.xml",
    "sarif": "sarif",
}


def compare(rendered, path):
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8")


def files_of(report):
    return render_files(report, pytest.fail)


def test_render_files_upgrade_plan_matches_golden_file():
    compare(files_of(SAMPLES["blocked"])["upgrade-plan.md"], GOLDEN / "upgrade-plan.md")
    compare(files_of(SAMPLES["blocked"])["upgrade.sh"], GOLDEN / "upgrade.sh")


@pytest.mark.parametrize("layout", [name for name in DEPLOYMENTS if name != "virtualenv"])
def test_render_files_upgrade_plan_of_a_layout_matches_golden_file(layout):
    upgrade = UpgradePlan(
        runtime_of(layout),
        known(layout),
        database(),
        TargetPackages("3.2.7", has_constraints=True),
        59,
        includes_apps=True,
        media="/opt/nautobot/media",
    )
    report = replace(SAMPLES["blocked"], runbook=plan_upgrade(upgrade))
    files = files_of(report)
    compare(files["upgrade-plan.md"], GOLDEN / f"upgrade-plan-{layout.replace(' ', '-')}.md")
    assert ("upgrade.sh" in files) is (layout != "container")


@pytest.mark.parametrize(
    ("way", "layout"),
    [
        *(("restore_backup", layout) for layout in DEPLOYMENTS),
        *((way, "virtualenv") for way in ("reinstall", "roll_forward", "reverse_migrations")),
        *((way, "kubernetes") for way in ("reinstall", "roll_forward")),
    ],
)
def test_render_files_rollback_steps_match_golden_file(way, layout):
    here = replace(BACK, runtime=runtime_of(layout), deployment=known(layout))
    files = files_of(replace(SAMPLES["rollback"], runbook=plan_rollback_steps(way, here)))
    (steps,) = (text for name, text in files.items() if name.endswith("-steps.md"))
    compare(steps, GOLDEN / f"rollback-{way}-{layout.replace(' ', '-')}.md")


def test_render_files_rollback_script_matches_golden_file():
    compare(
        files_of(SAMPLES["rollback"])[f"{SAMPLES['rollback'].file_stem}.sh"],
        GOLDEN / "rollback.sh",
    )


def test_render_files_rollback_requirements_list_pins():
    assert files_of(SAMPLES["rollback"])["rollback-requirements.txt"].splitlines() == [
        "nautobot==2.4.44",
        "# local-lib==1.0 was installed from a folder or a file",
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_render_files_returns_the_expected_extensions(name):
    endings = {one.rpartition(".")[2] for one in files_of(SAMPLES[name])}
    further = set()
    further |= {"sh"} if SAMPLES[name].database_state else set()
    assert endings == {"html", "md", "json", "csv", "txt"} | further


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format_", FORMATS)
def test_formats_match_golden_files(format_, name):
    compare(FORMATS[format_](SAMPLES[name]), GOLDEN / f"{name}.{ENDINGS.get(format_, format_)}")


def test_formats_hostile_text_stays_text():
    html = FORMATS["html"](SAMPLES["hostile"])
    assert "<script" not in html
    markdown = FORMATS["markdown"](SAMPLES["hostile"])
    outside_code = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown, flags=re.S)
    assert not re.search(r"(?<!\\)<script", outside_code)
    assert "](javascript" not in outside_code.replace("\\]", "")
    for name in ("text", "html", "junit", "sarif", "markdown"):
        assert not set("\x1b\u202e") & set(FORMATS[name](SAMPLES["hostile"])), name


def test_file_that_cannot_be_rendered_loses_no_other(monkeypatch):
    def fail(report):
        raise KeyError("a fault in the format")

    monkeypatch.setitem(FILE_FORMATS, "html", fail)
    errors = []
    files = render_files(SAMPLES["blocked"], errors.append)
    assert "upgrade-plan.md" in files
    assert not [name for name in files if name.endswith(".html")]
    (error,) = errors
    assert error.endswith(".html could not be written: KeyError: 'a fault in the format'")
