"""Triage of release notes: those that concern an installation, those that do not, the rest."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import (
    CheckResult,
    Finding,
    Impact,
    Phase,
    Severity,
    Status,
)
from nautobot_upgrade_jobs.checks.release_notes import triage_release_notes
from nautobot_upgrade_jobs.facts.release_notes import ReleaseNote, ReleaseNotes
from nautobot_upgrade_jobs.facts.settings import Setting
from tests.support.builders import database, facts, mysql, settings

NOTE = ReleaseNote("nautobot", "3.0", "removed", "Removed settings.")


def result(*evidence, message="A message.", names=()):
    finding = Finding(
        Severity.WARNING,
        "subject",
        message,
        "",
        Phase.RUNTIME,
        Impact.NONE,
        evidence=evidence,
        names=names,
    )
    return CheckResult(
        "jobs.lost_approval_requirement", "", Status.FAILED, "facts", findings=(finding,)
    )


def triaged(note, *results, **topics):
    (triaged_note,) = triage_release_notes(ReleaseNotes((note,)), results, facts(**topics))
    return triaged_note


@pytest.mark.parametrize(
    ("names", "finding"),
    [
        (("approval_required",), result(names=("approval_required",))),
        (("approval_required",), result("extras.Job.approval_required")),
        (("StatusModel",), result("cannot import name 'StatusModel' from 'nautobot.apps.models'")),
        (("nautobot.apps.models.StatusModel",), result("StatusModel does not exist")),
        (("plain", "_cable_peer"), result("nautobot.dcim._cable_peer")),
    ],
)
def test_triage_with_a_finding_that_mentions_a_distinctive_name_attaches_it(names, finding):
    assert triaged(replace(NOTE, identifiers=names), finding).findings == (
        "jobs.lost_approval_requirement:subject",
    )


@pytest.mark.parametrize(
    ("names", "finding"),
    [
        ((), result("anything")),
        (("cluster",), result("the cluster is up")),
        (("Device",), result("Device edge-01")),
        (("approval_required",), result("approval_required_override")),
        (("approval_required",), result("nothing of the kind")),
        (("approval_required",), result(message="3 Jobs have approval_required set.")),
        (("nautobot_config.py",), result("jobs/planted.py")),
        (("nautobot_config.py",), result("nautobot_config.py, line 3")),
        (("circuits/circuit.html",), result("templates/base.html")),
        (("dcim.location",), result("virtualization.location")),
        (("1.3.16",), result("10.0.0.16")),
    ],
)
def test_triage_with_ordinary_words_or_other_names_attaches_nothing(names, finding):
    assert triaged(replace(NOTE, identifiers=names), finding).findings == ()


def test_triage_with_a_check_that_lists_all_tables_attaches_nothing():
    window = replace(result("dcim_device (30 rows)"), check="preconditions.migration_cost")
    assert triaged(replace(NOTE, identifiers=("dcim_device",)), window).findings == ()


SET = Setting("STORAGE_BACKEND", "str", None, "0123")


@pytest.mark.parametrize(
    ("note", "topics", "reason"),
    [
        ({"identifiers": ("STORAGE_BACKEND",)}, {}, "none of these settings is set"),
        ({"identifiers": ("NAUTOBOT_STORAGE_BACKEND",)}, {}, "none of these settings is set"),
        (
            {"identifiers": ("NAUTOBOT_STORAGE_BACKEND",)},
            {"settings": settings(environment=("NAUTOBOT_STORAGE_BACKEND",))},
            "",
        ),
        ({"identifiers": ("STORAGE_BACKEND", "Other.name")}, {}, ""),
        ({"identifiers": ("CSS_CLASSES",), "text": "Removed a constant."}, {}, ""),
        ({"identifiers": ("STORAGE_BACKEND",)}, {"settings": settings(values=(SET,))}, ""),
        ({"identifiers": ("STORAGE_BACKEND",)}, {"settings": settings(constance=(SET,))}, ""),
        (
            {"identifiers": ("STORAGE_BACKEND",)},
            {"settings": settings(environment=("NAUTOBOT_STORAGE_BACKEND",))},
            "",
        ),
        ({"identifiers": ("STORAGE_BACKEND",), "kind": "action"}, {}, ""),
        ({"identifiers": ("storage_backend",)}, {}, ""),
        ({"text": "On MySQL, wait."}, {"database": database()}, "the database is PostgreSQL"),
        ({"text": "On MySQL, wait."}, {"database": mysql()}, ""),
        ({"text": "On PostgreSQL, wait."}, {"database": mysql()}, "the database is MySQL"),
        ({"text": "MySQL and PostgreSQL wait."}, {"database": database()}, ""),
        ({}, {}, ""),
    ],
)
def test_triage_with_facts_that_exclude_a_note_gives_the_reason(note, topics, reason):
    assert triaged(replace(NOTE, **note), **topics).not_applicable_reason == reason


def test_triage_sorts_by_relevance_then_kind_then_core_before_apps():
    notes = [
        replace(NOTE, text="On MySQL.", kind="action"),
        replace(NOTE, kind="changed"),
        replace(NOTE, distribution="an-app"),
        NOTE,
        replace(NOTE, kind="dependencies", identifiers=("approval_required",)),
    ]
    sorted_notes = triage_release_notes(
        ReleaseNotes(tuple(notes)), [result("approval_required")], facts(database=database())
    )
    assert [triaged_note.note for triaged_note in sorted_notes] == [
        notes[4],
        notes[3],
        notes[2],
        notes[1],
        notes[0],
    ]
