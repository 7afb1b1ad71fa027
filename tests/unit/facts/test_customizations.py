"""Defects are compared by their values, not by the words of parsers."""

from dataclasses import replace

from nautobot_upgrade_jobs.facts.customizations import CustomizationProblem, Defect, DefectCode

DEFECT = Defect(DefectCode.INVALID_TEMPLATE, "x", "dcim.Device", 3, "unexpected '}'", "y")


def test_defect_with_other_detail_or_suggestion_is_equal():
    assert replace(DEFECT, detail="reworded", suggestion="z") == DEFECT
    assert len({DEFECT, replace(DEFECT, detail="reworded")}) == 1


def test_defect_with_other_value_is_not_equal():
    assert replace(DEFECT, code=DefectCode.MISSING_ATTRIBUTE) != DEFECT
    assert replace(DEFECT, reference="z") != DEFECT
    assert replace(DEFECT, owner="dcim.Rack") != DEFECT
    assert replace(DEFECT, line=4) != DEFECT


def test_subject_contains_kind_and_name():
    assert CustomizationProblem("custom link", "rack", "/1/", DEFECT).subject == "custom link rack"
