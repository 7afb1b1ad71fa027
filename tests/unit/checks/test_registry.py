"""The registry of checks: ids, documentation and defaults of findings."""

import pytest

from nautobot_upgrade_jobs.checks.build import blocker
from nautobot_upgrade_jobs.checks.findings import Impact, Phase
from nautobot_upgrade_jobs.checks.registry import Check, all_checks, check, checks_for_stage
from nautobot_upgrade_jobs.checks.remediation import When


def test_all_checks_have_unique_ids_and_complete_documentation():
    checks = all_checks()
    assert len({checked.id for checked in checks}) == len(checks) > 30
    assert all(isinstance(checked, Check) for checked in checks)
    assert all(checked.title and checked.why and checked.fix for checked in checks)


def test_checks_for_stage_preflight_and_verify_share_the_checks_of_both():
    preflight, verify = (set(checks_for_stage(stage)) for stage in ("preflight", "verify"))
    assert {checked.stage for checked in preflight & verify} == {"both"}
    assert {checked.stage for checked in checks_for_stage("rollback")} == {"rollback"}


def make_check(finding, **defaults):
    @check(**defaults)
    def example():
        """Title.

        Why: x
        Fix: y
        """
        yield finding

    return example


DEFAULTS = {"phase": Phase.BOOT, "impact": Impact.OUTAGE, "see": ("https://a",)}


def test_check_completes_a_finding_with_its_defaults():
    (finding,) = make_check(blocker("x", "Message.", fix="Fix it."), **DEFAULTS)()
    assert (finding.phase, finding.impact) == (Phase.BOOT, Impact.OUTAGE)
    assert finding.references == ("https://a",)


def test_check_keeps_what_the_finding_states_itself():
    stated = blocker(
        "x",
        "Message.",
        fix="Fix it.",
        phase=Phase.MIGRATE,
        impact=Impact.DATA_LOSS,
        when=When.WINDOW,
        see=(),
    )
    assert list(make_check(stated, **DEFAULTS)()) == [stated]


@pytest.mark.parametrize("missing", ["phase", "impact"])
def test_check_without_a_phase_or_an_impact_raises(missing):
    defaults = {name: value for name, value in DEFAULTS.items() if name != missing}
    with pytest.raises(TypeError, match="no phase or no impact"):
        list(make_check(blocker("x", "Message.", fix="Fix it."), **defaults)())


def test_check_without_why_and_fix_in_its_docstring_raises():
    with pytest.raises(TypeError, match="Why: and Fix:"):

        @check()
        def undocumented():
            """Title."""
