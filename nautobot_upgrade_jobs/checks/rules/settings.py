"""Settings that the target refuses, ignores or misunderstands."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog import Catalog, RemovedSetting
from ...catalog.target_release import Target
from ...facts import Settings
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check

STORAGES = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/configuration/"
    "settings/#storages"
)
STORAGES_KEY_SINCE = {"2": "2.4.24", "3": "3.0.3"}
"""First release of each major version that looks for its own key in STORAGES."""
SUPERSEDED_CHECKS = ("trial_boot.new_system_check_messages", "system_checks.messages")
"""They have messages on the same settings, that of the target and that of today."""


@check()
def removed(settings: Settings, target: Target, catalog: Catalog) -> Iterator[Finding]:
    """No setting is used that the target no longer knows.

    Why: the target refuses to start over some of them and ignores the others without a word, so
        that files land elsewhere or names stop being unique.
    Fix: move to the replacement, before the upgrade where the installed release knows it already.
    """
    given = {setting.name: setting for setting in settings.values}
    for one in catalog.removed_settings:
        if not target.crosses(one.removed_in):
            continue
        setting = given.get(one.name)
        if setting and (one.key is None or one.key in setting.keys):
            yield _build_setting_finding(one, target)
        for variable in sorted(set(one.env) & set(settings.environment)):
            yield _build_environment_finding(one, variable, target)


def _build_setting_finding(one: RemovedSetting, target: Target) -> Finding:
    name = f"{one.name}[{one.key!r}]" if one.key else one.name
    refused = one.effect == "refused"
    does = {
        "refused": "refuse to start with it",
        "ignored": "ignore it without a word",
        "unsupported": "no longer support it",
    }[one.effect]
    return Finding(
        severity=Severity.BLOCKER if refused else Severity.WARNING,
        subject=name,
        message=f"The setting {name} is set; Nautobot {one.removed_in} and later {does}."
        + (f" {one.note}" if one.note else ""),
        remediation=_describe_replacement(one, target),
        phase=Phase.BOOT if refused else Phase.RUNTIME,
        impact=Impact.OUTAGE if refused else Impact.FEATURE_LOSS,
        references=(one.reference,),
        supersedes=tuple((check, one.name) for check in SUPERSEDED_CHECKS),
    )


def _build_environment_finding(one: RemovedSetting, variable: str, target: Target) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        subject=variable,
        message=f"The environment variable {variable} is set; Nautobot {one.removed_in} and later "
        "ignore it without a word.",
        remediation=_describe_replacement(one, target),
        phase=Phase.RUNTIME,
        impact=Impact.FEATURE_LOSS,
        references=(one.reference,),
    )


def _describe_replacement(one: RemovedSetting, target: Target) -> str:
    if one.replacement is None:
        return "Remove it from the configuration; nothing takes its place."
    when = "now" if one.is_replaceable_in(target.installed) else "together with the upgrade"
    return f"Move to {one.replacement} {when}."


@check()
def missing_job_file_storage(settings: Settings, target: Target) -> Iterator[Finding]:
    """An own STORAGES setting says where the files of Jobs go.

    Why: a STORAGES without the key `nautobotjobfiles` ends every command of the target in a
        KeyError before its own check can explain it.
    Fix: add the key; releases that do not know it yet ignore it.
    """
    since = STORAGES_KEY_SINCE.get(target.version.partition(".")[0], "3.0.3")
    if Version(target.version) < Version(since):
        return
    if settings.storages and "nautobotjobfiles" not in settings.storages:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="STORAGES",
            message="STORAGES is set without the key 'nautobotjobfiles', which Nautobot "
            f"{target.version} needs to start.",
            remediation="Add it to STORAGES in nautobot_config.py.",
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            commands=(
                'STORAGES["nautobotjobfiles"] = '
                '{"BACKEND": "db_file_storage.storage.DatabaseFileStorage"}',
            ),
            references=(STORAGES,),
        )
