"""Every format of every sample, letter by letter.

After an intended change: ``UPDATE_GOLDEN=1 python -m pytest tests/unit/report``, and read
the diff.
"""

import json
import os
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from markdown import markdown

from nautobot_upgrade_jobs.checks.findings import CheckResult, Status, Verdict
from nautobot_upgrade_jobs.report import FORMATS, render_files
from nautobot_upgrade_jobs.report.formats import json as json_report
from nautobot_upgrade_jobs.report.formats.markdown import code_block, code_span, escape
from nautobot_upgrade_jobs.runbook.rollback import steps_of
from tests.support.builders import runtime
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


def test_the_runbook():
    compare(render_files(SAMPLES["blocked"])["upgrade-plan.md"], GOLDEN / "upgrade-plan.md")


@pytest.mark.parametrize("layout", ["virtualenv", "container image", "release symlink"])
@pytest.mark.parametrize("way", ["nothing", "forward", "reverse", "restore"])
def test_the_steps_of_a_way_back(way, layout):
    link = "/opt/nautobot" if layout == "release symlink" else ""
    here = replace(BACK, runtime=runtime(layout=layout, container=layout[0] == "c", symlink=link))
    files = render_files(replace(SAMPLES["rollback"], steps=steps_of(way, here)))
    (steps,) = (text for name, text in files.items() if name.endswith("-steps.md"))
    compare(steps, GOLDEN / f"rollback-{way}-{layout.replace(' ', '-')}.md")


def test_the_script_of_a_way_back():
    compare(
        render_files(SAMPLES["rollback"])[f"{SAMPLES['rollback'].file_stem}.sh"],
        GOLDEN / "rollback.sh",
    )


def test_the_set_to_go_back_to():
    assert render_files(SAMPLES["rollback"])["rollback-requirements.txt"].splitlines() == [
        "nautobot==2.4.44",
        "# local-lib==1.0 was installed from a folder or a file",
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_only_a_plan_of_an_upgrade_has_files_beside(name):
    endings = {one.rpartition(".")[2] for one in render_files(SAMPLES[name])}
    beside = {"txt"} if SAMPLES[name].constraints else set()
    beside |= {"sh"} if SAMPLES[name].database_state else set()
    assert endings == {"html", "md", "json"} | beside


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format_", FORMATS)
def test_golden(format_, name):
    compare(FORMATS[format_](SAMPLES[name]), GOLDEN / f"{name}.{ENDINGS.get(format_, format_)}")


@pytest.mark.parametrize("name", SAMPLES)
def test_json_conforms_to_the_published_schema(name):
    jsonschema.validate(json_report.build_document(SAMPLES[name]), json_report.load_schema())


@pytest.mark.parametrize(
    "damage",
    [
        {"verdict": "green"},
        {"schema": 2},
        {"surprise": 1},
        {"created": "yesterday"},
        {"counts": {"blocker": -1, "warning": 0, "info": 0, "accepted": 0}},
    ],
)
def test_the_schema_refuses_what_is_not_a_report(damage):
    document = json_report.build_document(SAMPLES["go"]) | damage
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_report.load_schema())


def test_hostile_text_stays_text():
    html = FORMATS["html"](SAMPLES["hostile"])
    assert "<script" not in html
    markdown = FORMATS["markdown"](SAMPLES["hostile"])
    outside_code = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown, flags=re.S)
    assert not re.search(r"(?<!\\)<script", outside_code)
    assert "](javascript" not in outside_code.replace("\\]", "")
    for name in ("text", "html", "junit", "sarif", "markdown"):
        assert not set("\x1b\u202e") & set(FORMATS[name](SAMPLES["hostile"])), name


ENDS_A_SPAN = "2.4` <img src=x onerror=alert(1)> ``` [x](javascript:alert(1)) &#x202e; &lt;b&gt;"


@pytest.mark.parametrize("write", [escape, code_span, lambda text: "\n".join(code_block([text]))])
def test_what_reads_markdown_shows_hostile_text_as_it_is(write):
    html = markdown(write(ENDS_A_SPAN), extensions=["fenced_code", "tables"])
    assert not re.search(r"<(img|a)\b", html)
    assert unescape(re.sub(r"<[^>]+>", "", html)).strip() == ENDS_A_SPAN


def test_braces_in_sarif_are_no_places_of_arguments():
    sample = SAMPLES["go"]
    told = replace(sample.results[0], title="A template {0} {{ obj.name }} [is] read.")
    document = json.loads(FORMATS["sarif"](replace(sample, results=(told,))))
    (rule,) = document["runs"][0]["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "A template {{0}} {{{{ obj.name }}}} \\[is\\] read."


@pytest.mark.parametrize("name", SAMPLES)
def test_junit_counts_what_it_says(name):
    """Whatever stands in the way of a GO stands in the way of a gate, too."""
    report = SAMPLES[name]
    root = ElementTree.fromstring(FORMATS["junit"](report))
    cases = root.findall("./testsuite/testcase")
    assert len(cases) == int(root.get("tests", 0)) == len(report.results)
    for kind in ("failure", "error", "skipped"):
        total = "skipped" if kind == "skipped" else f"{kind}s"
        assert len(root.findall(f".//{kind}")) == int(root.get(total, 0))
    stopped = bool(root.findall(".//failure") or root.findall(".//error"))
    assert stopped is (report.verdict in (Verdict.BLOCKED, Verdict.INCOMPLETE)) or not cases


@pytest.mark.parametrize("name", SAMPLES)
def test_sarif_tells_every_finding_once(name):
    report = SAMPLES[name]
    (run,) = json.loads(FORMATS["sarif"](report))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [one["partialFingerprints"]["finding/v1"] for one in run["results"]] == [
        one.key for one in report.findings()
    ]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert sum(bool(one["suppressions"]) for one in run["results"]) == report.counts["accepted"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is not bool(report.not_checked)


def test_a_reason_is_told_once_for_all_checks_that_it_kept_from_looking():
    results = tuple(
        CheckResult(check, "Something holds.", Status.SKIPPED, "data", "no right to read")
        for check in ("schema.drift", "schema.columns")
    )
    log = FORMATS["text"](replace(SAMPLES["go"], results=results))
    assert "schema.drift, schema.columns: not checked: no right to read\n" in log
    assert log.count("no right to read") == 1


def test_html_asks_the_network_for_nothing():
    html = FORMATS["html"](SAMPLES["blocked"])
    assert not re.search(r"<(script|link|img|iframe)|\bsrc=|url\(", html)


@pytest.mark.parametrize(
    ("current", "headline", "next_step"),
    [
        ("Nautobot 3.2.7", "Nothing to upgrade: Nautobot 3.2.7 is what runs. Read", "For another"),
        ("Nautobot 3.2.6", "The upgrade can go ahead", "Decide about each warning"),
    ],
)
def test_warnings_about_what_runs_already_are_no_upgrade(current, headline, next_step):
    report = replace(SAMPLES["go"], current=current, verdict=Verdict.CAUTION)
    assert report.headline.startswith(headline)
    assert report.next_step.startswith(next_step)


@pytest.mark.parametrize(
    ("sample", "current", "headline", "next_step"),
    [
        ("go", "Nautobot 3.2.7", "Nothing to upgrade", "For another release"),
        ("go", "Nautobot 3.2.6", "Nothing found that speaks against", "Follow the plan"),
        ("blocked", "Nautobot 3.2.7", "Do not upgrade yet", "Mend the blockers"),
    ],
)
def test_what_to_do_next(sample, current, headline, next_step):
    report = replace(SAMPLES[sample], current=current)
    assert report.headline.startswith(headline)
    assert report.next_step.startswith(next_step)


@pytest.mark.parametrize(
    ("instance", "stem"),
    [
        ("nautobot.example.com", "preflight-nautobot.example.com-20261120T120000Z"),
        ("../../etc/passwd", "preflight-etc-passwd-20261120T120000Z"),
        ("äöü", "preflight-nautobot-20261120T120000Z"),
        ("x" * 500, f"preflight-{'x' * 60}-20261120T120000Z"),
    ],
)
def test_file_names_are_safe(instance, stem):
    assert replace(SAMPLES["go"], instance=instance).file_stem == stem


def test_a_name_cannot_forge_a_line_or_reach_the_terminal():
    from nautobot_upgrade_jobs.common.text import escape_nonprintable

    forged = "x\n      ok  summary     GO\x1b[2J"
    assert escape_nonprintable(forged) == "x\\n      ok  summary     GO\\x1b[2J"
    assert escape_nonprintable("Zürich 東京") == "Zürich 東京"
