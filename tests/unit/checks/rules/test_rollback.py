"""Rules about the chosen rollback option."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.rollback import data_loss, infeasible, point_of_no_return
from nautobot_upgrade_jobs.facts.pinned_packages import PinnedPackages
from nautobot_upgrade_jobs.facts.preconditions import (
    Precondition,
    PreconditionKind,
    PreconditionResult,
)
from nautobot_upgrade_jobs.rollback.backup_check import BackupEvidence
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, UpgradeState
from nautobot_upgrade_jobs.rollback.losses import DataLoss, ReverseFailure
from nautobot_upgrade_jobs.rollback.options import RollbackOption
from tests.support.builders import choice, trial_boot

REINSTALL = RollbackOption("reinstall", "the upgrade is complete")
REVERSE, RESTORE = RollbackOption("reverse_migrations"), RollbackOption("restore_backup")
ROLL_FORWARD = RollbackOption("roll_forward")
NULL_VALUES = PreconditionResult(
    Precondition(PreconditionKind.NOT_NULL, "dcim.0090", "RemoveField", "dcim_cable", name="end"),
    7,
    ("1",),
)
STOPPED = replace(REVERSE, failure=ReverseFailure("dcim.0090", "RemoveField", 21, NULL_VALUES))
IRREVERSIBLE = replace(REVERSE, failure=ReverseFailure("app.0002", "RunPython", 1))
VERIFIED = BackupEvidence(("it reads to its end",))
REMOVED = DataLoss("dropped", "dcim_cabletype", 14, "dcim.0086")
EMPTIED = DataLoss("restored empty", "dcim_cable.a_id", 7, "dcim.0090")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(choice(), [], id="feasible"),
        pytest.param(choice(STOPPED), [("blocker", "reverse_migrations")], id="stops on rows"),
        pytest.param(choice(IRREVERSIBLE), [("blocker", "reverse_migrations")], id="irreversible"),
        pytest.param(choice(REINSTALL), [("blocker", "reinstall")], id="not possible here"),
    ],
)
def test_infeasible_options_block(findings_of, state, expected):
    assert findings_of("rollback.infeasible", choice=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(choice(), "not_applicable", id="restores no backup"),
        pytest.param(choice(RESTORE), [("blocker", "restore_backup")], id="no evidence"),
        pytest.param(choice(RESTORE, backup=VERIFIED), [], id="verified"),
        pytest.param(
            choice(RESTORE, backup=replace(VERIFIED, unverified=("rows",))),
            [("warning", "restore_backup")],
            id="partly verified",
        ),
        pytest.param(
            choice(RESTORE, backup=replace(VERIFIED, contradictions=("late",))),
            [("blocker", "restore_backup")],
            id="contradicted",
        ),
    ],
)
def test_unproven_backup_blocks_unless_verified(findings_of, state, expected):
    assert findings_of("rollback.unproven_backup", choice=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(choice(), "not_applicable", id="no pinned set"),
        pytest.param(choice(pinned_packages=PinnedPackages("a==1\n")), [], id="available"),
        pytest.param(
            choice(ROLL_FORWARD, pinned_packages=PinnedPackages("")),
            "not_applicable",
            id="rolls forward",
        ),
        pytest.param(
            choice(pinned_packages=PinnedPackages("", ("a==1", "b==2"))),
            [("blocker", "packages")],
            id="unavailable",
        ),
        pytest.param(
            choice(pinned_packages=PinnedPackages("a==1", unchecked_reason="no index")),
            [("warning", "packages")],
            id="not checked",
        ),
    ],
)
def test_unavailable_packages_block_and_unchecked_ones_warn(findings_of, state, expected):
    assert findings_of("rollback.unavailable_packages", choice=state) == expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        pytest.param((), [], id="no losses"),
        pytest.param((REMOVED,), [("warning", "dropped")], id="one kind"),
        pytest.param(
            (REMOVED, replace(REMOVED, kind="left behind"), REMOVED),
            [("warning", "dropped"), ("warning", "left behind")],
            id="two kinds",
        ),
    ],
)
def test_data_loss_warns_once_per_kind(findings_of, losses, expected):
    state = choice(replace(REVERSE, losses=losses))
    assert findings_of("rollback.data_loss", choice=state) == expected


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        pytest.param("unknowns", choice(), [], id="no unknowns"),
        pytest.param(
            "unknowns",
            choice(replace(REVERSE, unknowns=("not tried",))),
            [("warning", "reverse_migrations")],
            id="unknowns",
        ),
        pytest.param("not_recommended", choice(), [], id="recommended"),
        pytest.param(
            "not_recommended",
            choice(REVERSE, RESTORE),
            [("warning", "reverse_migrations")],
            id="another one",
        ),
        pytest.param("no_snapshot", choice(), [], id="snapshot"),
        pytest.param(
            "no_snapshot",
            choice(has_snapshot=False),
            [("info", "reverse_migrations")],
            id="no snapshot",
        ),
    ],
)
def test_option_rules_report_only_their_condition(findings_of, check, state, expected):
    assert findings_of(f"rollback.{check}", choice=state) == expected


@pytest.mark.parametrize(
    ("option", "text"),
    [
        pytest.param(
            STOPPED,
            "will stop at dcim.0090 (RemoveField), after 21 migrations are reversed. The table",
            id="stops on rows",
        ),
        pytest.param(
            IRREVERSIBLE,
            "after 1 migration is reversed. The operation has no reverse code",
            id="irreversible",
        ),
        pytest.param(REINSTALL, "is not possible: the upgrade is complete.", id="not possible"),
    ],
)
def test_infeasible_message_states_the_reason_and_the_recommended_option(option, text):
    (finding,) = infeasible(choice(option, RESTORE))
    assert text in finding.message
    assert RESTORE.title in finding.remediation


@pytest.mark.parametrize(
    ("losses", "text"),
    [
        pytest.param([REMOVED], "the rollback removes 14 rows in 1 table.", id="counted"),
        pytest.param(
            [replace(REMOVED, subject="a.b")],
            "the rollback removes 14 values in 1 column.",
            id="a column",
        ),
        pytest.param(
            [REMOVED, replace(REMOVED, subject="a.b")],
            "removes 28 rows and values in 1 table and 1 column.",
            id="table and column",
        ),
        pytest.param(
            [REMOVED, replace(REMOVED, subject="b", count=None)],
            "removes 14 rows in 1 table. 1 table was not counted.",
            id="partly counted",
        ),
        pytest.param(
            [replace(REMOVED, count=None)],
            "removes an unknown number of rows in 1 table.",
            id="uncounted",
        ),
        pytest.param([EMPTIED], "does not restore 7 ", id="restored empty"),
        pytest.param(
            [replace(REMOVED, kind="written since")],
            "the backup does not contain 14 changes in 1 model that were written after it.",
            id="changes",
        ),
        pytest.param(
            [replace(REMOVED, kind="deleted since")],
            "does not restore 14 rows in 1 table that were deleted after the snapshot.",
            id="rows",
        ),
    ],
)
def test_data_loss_message_states_amount_and_kind(losses, text):
    (finding,) = data_loss(choice(replace(REVERSE, losses=tuple(losses))))
    assert text in finding.message


def test_data_loss_evidence_shows_samples_and_a_link():
    change = DataLoss(
        "written since", "dcim.rack", 2, "eve", "create", ("r1", "r2"), "/extras/log/?x=1"
    )
    (finding,) = data_loss(choice(replace(REVERSE, losses=(change,))))
    assert finding.evidence == ("dcim.rack: 2 (eve): create, such as r1, r2; see /extras/log/?x=1",)


def test_data_loss_evidence_lists_uncounted_and_largest_losses_first():
    losses = (
        REMOVED,
        replace(REMOVED, subject="b", count=99),
        replace(REMOVED, subject="c", count=None),
    )
    (finding,) = data_loss(choice(replace(REVERSE, losses=losses)))
    assert [line.partition(":")[0] for line in finding.evidence] == ["c", "b", "dcim_cabletype"]


PLANNED = Diagnosis(UpgradeState.PLANNED, 59, ())


@pytest.mark.parametrize(
    ("reverse", "recommended", "target", "expected"),
    [
        pytest.param(
            REVERSE,
            RESTORE,
            {"is_upgrade": False},
            "not_applicable",
            id="target is installed",
        ),
        pytest.param(REVERSE, RollbackOption("reinstall"), {}, [], id="reinstall is recommended"),
        pytest.param(REVERSE, REVERSE, {}, [], id="reverse is recommended"),
        pytest.param(
            replace(REVERSE, losses=(EMPTIED, REMOVED), point_of_no_return="dcim.0090"),
            RESTORE,
            {},
            [("info", "dcim.0090")],
            id="loss",
        ),
        pytest.param(
            replace(STOPPED, point_of_no_return="dcim.0090"),
            RESTORE,
            {},
            [("info", "dcim.0090")],
            id="failure",
        ),
        pytest.param(
            RollbackOption("reverse_migrations", "not known"),
            RESTORE,
            {},
            [("info", "migrations")],
            id="not possible",
        ),
        pytest.param(
            replace(REVERSE, unknowns=("not tried",)),
            RESTORE,
            {},
            [("info", "migrations")],
            id="unknowns",
        ),
    ],
)
def test_point_of_no_return_informs_if_only_the_backup_rolls_back(
    findings_of, reverse, recommended, target, expected
):
    state = choice(recommended, options=(reverse, recommended), diagnosis=PLANNED)
    boot = trial_boot(**target)
    assert findings_of("rollback.point_of_no_return", choice=state, trial_boot=boot) == expected


def test_point_of_no_return_evidence_lists_only_its_own_losses():
    reverse = replace(REVERSE, losses=(EMPTIED, REMOVED), point_of_no_return="dcim.0090")
    state = choice(RESTORE, options=(reverse, RESTORE), diagnosis=PLANNED)
    (finding,) = point_of_no_return(trial_boot(), state)
    assert finding.evidence == ("dcim_cable.a_id: 7 (dcim.0090)",)
