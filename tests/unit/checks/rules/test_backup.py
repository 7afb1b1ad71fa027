"""Rules about the backup that the operator names before an upgrade."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.rollback.backup_check import NO_BACKUP, BackupEvidence
from tests.support.builders import migration, migrations, target, trial_boot

PROVEN = BackupEvidence(("it is readable to its end",))
OPEN = BackupEvidence(("pgBackRest reports it",), (), ("whether it can be restored",))
STATED = BackupEvidence((), (), ("whether it exists",))
BROKEN = BackupEvidence(("it is readable",), ("it lacks 3 tables",))
PENDING = migrations((migration("dcim.0001"), migration("dcim.0002")), ("dcim.0001",))
WITH_MIGRATIONS = trial_boot(facts={"migrations": PENDING})
UNREADABLE = trial_boot(facts={"migrations": Unavailable("no answer")})


@pytest.mark.parametrize(
    ("backup", "expected"),
    [
        pytest.param(NO_BACKUP, [("warning", "backup")], id="none named"),
        pytest.param(PROVEN, [], id="proven"),
        pytest.param(OPEN, [("warning", "backup")], id="open question"),
        pytest.param(STATED, [("warning", "backup")], id="only stated"),
        pytest.param(BROKEN, [("blocker", "backup")], id="contradicted"),
    ],
)
def test_unproven_asks_for_a_backup_until_it_is_proven(findings_of, backup, expected):
    assert findings_of("backup.unproven", backup=backup, trial_boot=WITH_MIGRATIONS) == expected


@pytest.mark.parametrize(
    ("started", "to", "expected"),
    [
        pytest.param(trial_boot(), target(), "not_applicable", id="no migration is pending"),
        pytest.param(
            Unavailable("not built"), target("2.4.44"), "not_applicable", id="the same release"
        ),
        pytest.param(
            Unavailable("not built"), target(), [("warning", "backup")], id="target not built"
        ),
        pytest.param(UNREADABLE, target(), [("warning", "backup")], id="migrations unknown"),
    ],
)
def test_unproven_applies_if_the_upgrade_may_migrate(findings_of, started, to, expected):
    assert findings_of("backup.unproven", target=to, trial_boot=started) == expected
