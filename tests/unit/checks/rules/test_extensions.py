"""Examples of the rules in ``extensions``."""

import pytest

from nautobot_upgrade_jobs.checks.rules.extensions import broken_home_panels
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.extensions import BrokenJobFile
from tests.support.builders import extensions, facts, migration, migrations


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("unloadable_job_files", {}, []),
        (
            "unloadable_job_files",
            {
                "broken_job_files": (
                    BrokenJobFile("/opt/jobs/a.py", 3, "SyntaxError: invalid syntax"),
                )
            },
            [("warning", "/opt/jobs/a.py")],
        ),
        ("unloadable_job_files", {"broken_job_files": Unavailable("permission denied")}, "skipped"),
        ("unregistered_jobs", {}, []),
        ("unregistered_jobs", {"unregistered_jobs": ("pkg.Job",)}, [("warning", "not registered")]),
        ("unregistered_jobs", {"unrecorded_jobs": ("pkg.Job",)}, [("warning", "not recorded")]),
        ("unloadable_job_files", {"uncloned_repositories": ("ours",)}, "skipped"),
        ("broken_home_panels", {}, []),
        ("broken_home_panels", {"broken_home_panels": {"Ours": "KeyError"}}, [("blocker", "Ours")]),
        ("broken_menu_links", {}, []),
        (
            "broken_menu_links",
            {"broken_menu_links": ("Apps / Ours / gone",)},
            [("warning", "Apps / Ours / gone")],
        ),
        ("orphaned_template_extensions", {}, []),
        (
            "orphaned_template_extensions",
            {"orphaned_template_extensions": {"ours.Box": "dcim.site"}},
            [("warning", "ours.Box")],
        ),
    ],
)
def test_extension_checks_report_what_does_not_load_or_is_not_registered(
    findings_of, check, state, expected
):
    assert findings_of(f"extensions.{check}", facts(extensions=extensions(**state))) == expected


@pytest.mark.parametrize(("recorded", "is_pending"), [((), True), (("dcim.0001",), False)])
def test_broken_home_panels_of_an_unfinished_upgrade_are_not_blamed_on_an_app(recorded, is_pending):
    history = migrations((migration("dcim.0001"),), recorded)
    state = extensions(broken_home_panels={"DCIM": "no such table"})
    (found,) = broken_home_panels(state, history)
    assert ("pending migrations" in found.remediation) is is_pending
    assert ("PLUGINS" in found.remediation) is not is_pending
