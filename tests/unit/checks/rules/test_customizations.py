"""Customizations: only what the upgrade breaks is reported."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.customizations import DEFECT_TEXTS
from nautobot_upgrade_jobs.facts import FilterResults, Listing, Unavailable
from nautobot_upgrade_jobs.facts.customizations import (
    APP_CODE,
    JOB_FILE,
    CustomizationProblem,
    Customizations,
    Defect,
    DefectCode,
)
from tests.support.builders import app, apps, facts, trial_boot


def problem(kind, name, code, reference="", **values):
    return CustomizationProblem(kind, name, "/extras/1/", Defect(code, reference, **values))


QUERY = problem("GraphQL query", "sites", DefectCode.INVALID_QUERY, line=1, detail="no field site")
OTHER_ERROR = problem("GraphQL query", "sites", DefectCode.INVALID_QUERY, detail="no such field")
LINK = problem(
    "custom link", "rack", DefectCode.MISSING_ATTRIBUTE, "cluster_id", owner="dcim.Device"
)
OTHER_ATTRIBUTE = problem(
    "custom link", "rack", DefectCode.MISSING_ATTRIBUTE, "gone", owner="dcim.Device"
)
MODEL_OF_APP = problem("webhook", "sync", DefectCode.MISSING_MODEL, "example.sync")
MODEL = problem("webhook", "sync", DefectCode.MISSING_MODEL, "example_two.sync")
JOB = problem("scheduled job", "sync", DefectCode.MISSING_JOB, "sync.Sync")
JOB_OF_APP = problem("scheduled job", "sync", DefectCode.MISSING_JOB, "nautobot_example.jobs.Sync")
APP_QUERY = problem(
    APP_CODE,
    "example/jobs.py: dcim.Cable termination_a_id",
    DefectCode.MISSING_FIELD,
    "termination_a_id",
    owner="dcim.Cable",
    line=12,
)
FILE = problem(JOB_FILE, "/jobs/a.py", DefectCode.UNLOADABLE_FILE, line=3, detail="ImportError: a")
CRONTAB = problem("scheduled job", "sync", DefectCode.INVALID_CRONTAB, "61 * * * *")

REPORTED_LINK = ("warning", "custom link rack")
REPORTED_QUERY = ("warning", "GraphQL query sites")

CASES = [
    pytest.param((), (), [], id="no problems"),
    pytest.param((), (QUERY,), [], id="fixed by the upgrade"),
    pytest.param((QUERY,), (QUERY,), [], id="query invalid already"),
    pytest.param((QUERY,), (OTHER_ERROR,), [], id="query invalid already for another reason"),
    pytest.param((QUERY,), (LINK,), [REPORTED_QUERY], id="query newly invalid"),
    pytest.param((MODEL_OF_APP, JOB_OF_APP), (), [], id="model and Job of an absent App"),
    pytest.param((MODEL,), (), [("warning", "webhook sync")], id="model of another App"),
    pytest.param((JOB,), (), [("warning", "scheduled job sync")], id="Job of no App"),
    pytest.param((FILE,), (FILE,), [], id="file unloadable already"),
    pytest.param((), (CRONTAB,), [], id="crontab corrected by the upgrade"),
    pytest.param((CRONTAB,), (), [("warning", "scheduled job sync")], id="crontab invalid"),
    pytest.param(
        (APP_QUERY,),
        (),
        [("warning", "App code example/jobs.py: dcim.Cable termination_a_id")],
        id="query in the code of an App",
    ),
    pytest.param(
        (APP_QUERY,),
        (replace(APP_QUERY, defect=replace(APP_QUERY.defect, line=9)),),
        [],
        id="the same query in another line of the installed App",
    ),
    pytest.param(
        (replace(APP_QUERY, defect=replace(APP_QUERY.defect, condition="HAS_ENDS")),),
        (),
        [("info", "App code example/jobs.py: dcim.Cable termination_a_id")],
        id="query that may not run on the target",
    ),
    pytest.param((FILE,), (), [("warning", "Job file /jobs/a.py")], id="file newly unloadable"),
    pytest.param((LINK,), (OTHER_ATTRIBUTE,), [REPORTED_LINK], id="another missing attribute"),
    pytest.param(
        (LINK, OTHER_ATTRIBUTE), (OTHER_ATTRIBUTE,), [REPORTED_LINK], id="one of two is new"
    ),
    pytest.param(
        (LINK, QUERY), None, [REPORTED_LINK, REPORTED_QUERY], id="current state unavailable"
    ),
]


def incompatible(findings_of, target, current, check="incompatible"):
    known = {} if current is None else {"current_customizations": Customizations({}, current)}
    state = trial_boot(
        facts={"customizations": Customizations({}, target)},
        absent_apps=("nautobot_example",),
        **known,
    )
    installation = facts(apps=apps(app(module="nautobot_example", label="example")))
    return findings_of(f"customizations.{check}", installation, trial_boot=state)


@pytest.mark.parametrize(("target", "current", "expected"), CASES)
def test_incompatible_reports_only_new_unexplained_problems(findings_of, target, current, expected):
    assert incompatible(findings_of, target, current) == expected


@pytest.mark.parametrize(
    ("target", "current", "expected"),
    [
        ((LINK, QUERY), (LINK,), [("info", LINK.subject)]),
        ((LINK,), (LINK, QUERY), [("info", LINK.subject)]),
        ((LINK,), (), []),
        ((), (LINK,), []),
        ((LINK,), None, []),
    ],
)
def test_already_broken_reports_problems_of_both_releases(findings_of, target, current, expected):
    assert incompatible(findings_of, target, current, check="already_broken") == expected


def reworded(problems):
    if problems is None:
        return None
    return tuple(
        replace(one, defect=replace(one.defect, detail="???", suggestion="!")) for one in problems
    )


@pytest.mark.parametrize(("target", "current", "expected"), CASES)
def test_incompatible_with_reworded_details_reports_the_same(
    monkeypatch, findings_of, target, current, expected
):
    for code in DEFECT_TEXTS:
        monkeypatch.setitem(DEFECT_TEXTS, code, "Reworded {reference}")
    assert incompatible(findings_of, reworded(target), current) == expected
    assert incompatible(findings_of, target, reworded(current)) == expected


def test_defect_texts_cover_every_code():
    assert set(DEFECT_TEXTS) == set(DefectCode)


def test_incompatible_missing_job_with_unreadable_job_files_reports_nothing(findings_of):
    state = Customizations({}, (JOB, LINK), {JOB_FILE: "sync.py: no such column"})
    findings = findings_of(
        "customizations.incompatible",
        facts(apps=apps()),
        trial_boot=trial_boot(facts={"customizations": state}),
    )
    assert findings == [REPORTED_LINK]


@pytest.mark.parametrize(
    "check", ["incompatible", "already_broken", "different_results", "not_inspected"]
)
def test_customizations_target_is_installed_release_not_applicable(findings_of, check):
    state = trial_boot(
        is_upgrade=False,
        facts={"customizations": Customizations({}, (LINK,))},
        current_filter_results=Unavailable("not run"),
    )
    assert findings_of(f"customizations.{check}", facts(apps=apps()), trial_boot=state) == (
        "not_applicable"
    )


def test_not_inspected_unreadable_kind_is_skipped(findings_of):
    state = trial_boot(facts={"customizations": Customizations(unreadable={"webhook": "denied"})})
    assert findings_of("customizations.not_inspected", trial_boot=state) == "skipped"
    assert findings_of("customizations.not_inspected", trial_boot=trial_boot()) == []


def results(section="dynamic_groups", *, name="edge", number=2, digest="a", text="", error=""):
    """Filter results with one object. With a text or an error, the objects were not counted."""
    if text or error:
        found = Listing({name: text or error}, errors={name: error} if error else {})
    else:
        found = Listing({name: f"{number}, {digest}"}, {name: number})
    sections = ("dynamic_groups", "object_permissions", "saved_views")
    return FilterResults(**dict.fromkeys(sections, Listing({})) | {section: found})


GROUP = ("warning", "dynamic group edge")
NO_FILTER = problem("dynamic group", "edge", DefectCode.MISSING_FILTER, "gone")
OTHER_FILTER = problem("dynamic group", "core", DefectCode.MISSING_FILTER, "gone")
VIEW = {"section": "saved_views", "name": "dcim:device_list / edge of admin"}
LOOKUP = problem("object permission", "edge", DefectCode.MISSING_FIELD, "gone")
VIEW_FILTER = problem("saved view", "edge", DefectCode.MISSING_FILTER, "gone")
PERMISSION = {"section": "object_permissions", "name": "edge: dcim.device"}


@pytest.mark.parametrize(
    ("now", "then", "again", "problems", "expected"),
    [
        pytest.param({}, {}, None, (), [], id="the same objects"),
        pytest.param({}, {"number": 0}, None, (), [GROUP], id="becomes empty"),
        pytest.param({"number": 0}, {}, None, (), [GROUP], id="is empty now"),
        pytest.param({}, {"digest": "b"}, None, (), [GROUP], id="as many other objects"),
        pytest.param({}, {"number": 0}, {}, (), [GROUP], id="still the same after the trial"),
        pytest.param({}, {"number": 3}, {"number": 3}, (), [], id="an object was added meanwhile"),
        pytest.param({}, {"name": "core"}, None, (), [], id="not in the other listing"),
        pytest.param({"error": "timeout"}, {}, None, (), [], id="fails now"),
        pytest.param({}, {"error": "timeout"}, None, (), [("info", GROUP[1])], id="fails then"),
        pytest.param({}, {"text": "no error: 1"}, None, (), [GROUP], id="a text about an error"),
        pytest.param(
            PERMISSION,
            {**PERMISSION, "text": "enabled, view: all objects"},
            None,
            (),
            [("warning", "object permission edge: dcim.device")],
            id="permission that grants everything",
        ),
        pytest.param(
            PERMISSION,
            {**PERMISSION, "number": 5000},
            None,
            (LOOKUP,),
            [("warning", "object permission edge: dcim.device")],
            id="permission with a bad lookup on another model",
        ),
        pytest.param({}, {"number": 0}, None, (NO_FILTER,), [], id="explained by its filter"),
        pytest.param(
            {}, {"number": 0}, None, (OTHER_FILTER,), [GROUP], id="another group's filter"
        ),
        pytest.param(
            PERMISSION,
            {**PERMISSION, "number": 0},
            None,
            (NO_FILTER,),
            [("warning", "object permission edge: dcim.device")],
            id="permission",
        ),
        pytest.param(VIEW, {**VIEW, "number": 0}, None, (VIEW_FILTER,), [], id="explained view"),
        pytest.param(
            VIEW,
            {**VIEW, "number": 9},
            None,
            (VIEW_FILTER,),
            [("warning", f"saved view {VIEW['name']}")],
            id="view with the name of an explained view",
        ),
        pytest.param(
            VIEW,
            {**VIEW, "number": 9},
            None,
            (NO_FILTER,),
            [("warning", f"saved view {VIEW['name']}")],
            id="saved view",
        ),
    ],
)
def test_different_results_reports_what_the_target_selects(
    findings_of, now, then, again, problems, expected
):
    state = trial_boot(
        facts={
            "filter_results": results(**then),
            "customizations": Customizations({}, problems),
        },
        current_filter_results=results(**now),
        recounted_filter_results=Unavailable("-") if again is None else results(**again),
    )
    found = findings_of("customizations.different_results", facts(apps=apps()), trial_boot=state)
    assert found == expected
