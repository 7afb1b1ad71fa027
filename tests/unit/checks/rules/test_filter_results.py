"""Rules about stored filters."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import FilterResults, Listing, Preconditions
from nautobot_upgrade_jobs.facts.migration_code import CodeAccess, MigrationCode
from tests.support.builders import facts, trial_boot

CODE = MigrationCode(
    "dcim.0093_device",
    "RunPython",
    CodeAccess.WRITES,
    models=("dcim.interface",),
    fields=("device",),
)
READS = ("dcim.interface.device", "dcim.interface.name")
FOUND = [("info", "dynamic group edge")]


def results(text="2, a", fields=()):
    listing = Listing({"edge": text}, {"edge": 2}, fields={"edge": fields} if fields else {})
    return FilterResults(listing, Listing({}), Listing({}))


@pytest.mark.parametrize(
    ("target", "code", "expected"),
    [
        pytest.param(results(fields=READS), CODE, FOUND, id="field that code writes"),
        pytest.param(
            results(fields=READS),
            replace(CODE, fields=(), writes_unknown_fields=True),
            FOUND,
            id="code that may write any field",
        ),
        pytest.param(results(fields=READS), replace(CODE, fields=()), [], id="adds rows only"),
        pytest.param(results(fields=READS[1:]), CODE, [], id="another field"),
        pytest.param(results(fields=("dcim.frontport.device",)), CODE, [], id="another model"),
        pytest.param(results("3, b", READS), CODE, [], id="different now: reported elsewhere"),
        pytest.param(results(), CODE, [], id="no filter"),
    ],
)
def test_rewritten_fields_inform_about_filters_on_them(findings_of, target, code, expected):
    state = trial_boot(
        facts={"filter_results": target, "preconditions": Preconditions(code=(code,))},
        current_filter_results=results(),
    )
    found = findings_of("filter_results.rewritten_fields", facts(), trial_boot=state)
    assert found == expected
