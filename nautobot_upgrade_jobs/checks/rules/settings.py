"""Settings that the target refuses, ignores or no longer supports."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog import Catalog, RemovedSetting
from ...catalog.target_release import Target
from ...facts import FactUnavailable, Settings, SystemChecks, Unavailable
from ...facts.trial_boot import TrialBoot
from ..build import blocker, finding, warning
from ..findings import Finding, FindingRef, Impact, Phase, Severity
from ..references import SETTINGS
from ..registry import check
from ..remediation import When, configuration

STORAGES_KEY_SINCE = {"2": "2.4.24", "3": "3.0.3"}
"""First release of each major version that reads its own key in STORAGES."""


@check()
def removed(
    settings: Settings,
    target: Target,
    catalog: Catalog,
    current_messages: SystemChecks | Unavailable,
    trial_boot: TrialBoot | Unavailable,
) -> Iterator[Finding]:
    """No setting is set that the target no longer supports.

    Why: the target refuses to start with some of them and ignores the rest. Files are
        then stored elsewhere, or names are no longer unique.
    Fix: change to the replacement, before the upgrade if the installed release already supports it.
    """
    configured = {setting.name: setting for setting in settings.values}
    for removal in catalog.removed_settings:
        if not target.crosses(removal.removed_in):
            continue
        setting = configured.get(removal.name)
        if setting and (removal.key is None or removal.key in setting.keys):
            yield _build_setting_finding(
                removal, target, _superseded_messages(removal.name, current_messages, trial_boot)
            )
        for variable in sorted(set(removal.env) & set(settings.environment)):
            yield _build_environment_finding(removal, variable, target)
    if settings.unread_file:
        raise FactUnavailable(f"the configuration file was not read: {settings.unread_file}")


def _superseded_messages(
    name: str, current_messages: SystemChecks | Unavailable, trial_boot: TrialBoot | Unavailable
) -> tuple[FindingRef, ...]:
    """Return the findings of system checks about the setting."""
    target_messages = (
        trial_boot if isinstance(trial_boot, Unavailable) else trial_boot.facts.system_checks
    )
    return tuple(
        FindingRef(check_id, message.subject)
        for check_id, system_checks in (
            ("system_checks.messages", current_messages),
            ("trial_boot.new_system_check_messages", target_messages),
        )
        if not isinstance(system_checks, Unavailable)
        for message in system_checks.messages
        if name in message.settings
    )


def _build_setting_finding(
    removal: RemovedSetting, target: Target, supersedes: tuple[FindingRef, ...]
) -> Finding:
    name = f"{removal.name}[{removal.key!r}]" if removal.key else removal.name
    refused = removal.effect == "refused"
    effect = {
        "refused": "refuse to start with it",
        "ignored": "ignore it",
        "unsupported": "no longer support it",
    }[removal.effect]
    return finding(
        Severity.BLOCKER if refused else Severity.WARNING,
        name,
        f"The setting {name} is set, but Nautobot {removal.removed_in} and later {effect}."
        + (f" {removal.note}" if removal.note else ""),
        fix=_describe_replacement(removal, name),
        when=_replacement_time(removal, target),
        names=(removal.replacement or "",),
        phase=Phase.BOOT if refused else Phase.RUNTIME,
        impact=Impact.OUTAGE if refused else Impact.FEATURE_LOSS,
        see=(removal.reference,),
        supersedes=supersedes,
    )


def _build_environment_finding(removal: RemovedSetting, variable: str, target: Target) -> Finding:
    return warning(
        variable,
        f"The environment variable {variable} is set, but Nautobot {removal.removed_in} and later"
        " ignore it.",
        fix=_describe_replacement(removal, variable),
        when=_replacement_time(removal, target),
        names=(removal.replacement or "",),
        phase=Phase.RUNTIME,
        impact=Impact.FEATURE_LOSS,
        see=(removal.reference,),
    )


def _describe_replacement(removal: RemovedSetting, name: str) -> str:
    if removal.replacement is None:
        return f"Remove {name} from the configuration. It has no replacement."
    return f"Replace {name} with {removal.replacement}."


def _replacement_time(removal: RemovedSetting, target: Target) -> When:
    """Return now if the installed release already supports the replacement."""
    is_replaceable = removal.replacement is not None and removal.is_replaceable_in(target.installed)
    return When.NOW if is_replaceable else When.WINDOW


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=(f"{SETTINGS}#storages",))
def missing_job_file_storage(settings: Settings, target: Target) -> Iterator[Finding]:
    """If STORAGES is set, it contains the key `nautobotjobfiles`.

    Why: if STORAGES lacks the key `nautobotjobfiles`, every command of the target ends in a
        KeyError before its own check can explain it.
    Fix: add the key. Releases that do not support it yet ignore it.
    """
    since = STORAGES_KEY_SINCE.get(target.version.partition(".")[0], "3.0.3")
    if Version(target.version) < Version(since):
        return
    if settings.storages and "nautobotjobfiles" not in settings.storages:
        yield blocker(
            "STORAGES",
            "STORAGES is set without the key 'nautobotjobfiles', which Nautobot"
            f" {target.version} needs to start.",
            fix="Add the key to STORAGES in nautobot_config.py. Releases that do not use the key "
            "ignore it.",
            commands=(
                configuration(
                    'STORAGES["nautobotjobfiles"] = '
                    '{"BACKEND": "db_file_storage.storage.DatabaseFileStorage"}'
                ),
            ),
        )
