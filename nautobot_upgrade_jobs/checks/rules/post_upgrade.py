"""What follows ``migrate``: was every step of ``post_upgrade`` done?"""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import PostUpgrade, require
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural, truncate_list

COMMANDS = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/tools/"
    "nautobot-server/"
)


def _build_finding(  # noqa: PLR0913 - the parts of one finding
    subject: str,
    message: str,
    remediation: str,
    *commands: str,
    severity: Severity = Severity.WARNING,
    impact: Impact = Impact.FEATURE_LOSS,
    evidence: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        severity=severity,
        subject=subject,
        message=message,
        remediation=remediation,
        phase=Phase.POST_UPGRADE,
        impact=impact,
        commands=commands,
        evidence=truncate_list(evidence),
        references=(COMMANDS,),
    )


@check(stage="verify")
def stale_content_types(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """No content type is left of a model that an enabled App no longer has.

    Why: forms offer it, and what points at it fails to load; `remove_stale_contenttypes` is the
        step of the upgrade that takes it away, with everything that points at it.
    Fix: look at what would go with it, then run the command.
    """
    for one in require(post_upgrade.stale_content_types):
        rows = sum(one.reference_counts.values())
        taken = f" It would take {plural(rows, 'row')} along." if rows else " Nothing points at it."
        yield _build_finding(
            one.name,
            f"The content type {one.name} is of a model that is gone.{taken}",
            "Look at these rows first: what you still need of them has to be moved. Then run the "
            "command; without --no-input it asks before it removes."
            if rows
            else "Run the command.",
            "nautobot-server remove_stale_contenttypes" + ("" if rows else " --no-input"),
            evidence=tuple(
                f"{place}: {plural(number, 'row')}"
                for place, number in one.reference_counts.items()
            ),
        )


@check(stage="verify")
def expired_sessions(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """No session is kept that had expired before the upgrade.

    Why: it shows that `clearsessions` was not run after the last migration, so neither, perhaps,
        were the steps around it; by itself it only takes room.
    Fix: run the rest of `post_upgrade`.
    """
    if number := require(post_upgrade.expired_sessions):
        yield _build_finding(
            "django_session",
            f"{plural(number, 'session')} kept that had expired before the last migration.",
            "Run the command. If you skipped it, ask yourself which other steps you skipped.",
            "nautobot-server clearsessions",
            impact=Impact.NONE,
        )


@check(stage="verify")
def untraced_cable_paths(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """From every cabled endpoint a path was traced.

    Why: without it, connections are missing from pages, filters and the API, as if the cable were
        not there.
    Fix: run `trace_paths`.
    """
    if untraced := require(post_upgrade.untraced_cable_paths):
        yield _build_finding(
            "dcim_cablepath",
            f"{plural(sum(untraced.values()), 'cabled endpoint')} without a cable path.",
            "Run the command; it traces what is missing and leaves the others alone.",
            "nautobot-server trace_paths --no-input",
            evidence=tuple(f"{model}: {number}" for model, number in untraced.items()),
        )


@check(stage="verify")
def outdated_static_files(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """The static files are those of this release of core and of every App.

    Why: pages of the new release with scripts and styles of the old one look broken and fail in
        the browser only.
    Fix: run `collectstatic`; behind a web server of its own, see that it serves this folder.
    """
    files = require(post_upgrade.static_files)
    if files.missing or files.outdated:
        yield _build_finding(
            "STATIC_ROOT",
            f"Of {plural(files.expected, 'static file')}, {len(files.missing)} "
            f"{'is' if len(files.missing) == 1 else 'are'} not in {files.folder} and "
            f"{len(files.outdated)} not of this release.",
            "Run the command as the user that Nautobot runs as, then reload pages in the browser."
            + " Without --clear, it leaves files alone that are newer than their source."
            * bool(files.outdated),
            "nautobot-server collectstatic --no-input" + " --clear" * bool(files.outdated),
            evidence=(
                *(f"missing: {name}" for name in files.missing),
                *(f"different: {name}" for name in files.outdated),
            ),
        )


@check(stage="verify")
def missing_content_types(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """Every model has its content type and its permissions.

    Why: they are made after the last migration; if `migrate` was cut short there, nobody but a
        superuser may use the new models, and generic relations to them fail.
    Fix: run `migrate` once more: it has nothing to migrate, and makes them.
    """
    for subject, missing in (
        ("django_content_type", require(post_upgrade.missing_content_types)),
        ("auth_permission", require(post_upgrade.missing_permissions)),
    ):
        if missing:
            word = "content type" if subject == "django_content_type" else "permission"
            yield _build_finding(
                subject,
                f"{plural(len(missing), word)} of the installed models not made.",
                "Run the command; what is there stays as it is.",
                "nautobot-server migrate --no-input",
                severity=Severity.BLOCKER,
                impact=Impact.OUTAGE,
                evidence=missing,
            )


@check(stage="verify")
def missing_statuses_or_roles(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """Every kind of object that needs a status or a role has one to choose.

    Why: where none is left, nothing of that kind can be saved; the upgrade's migrations bring the
        first ones for new kinds.
    Fix: make one, or assign an existing one to the kind of object.
    """
    missing = require(post_upgrade.missing_status_role_choices)
    for kind in require(post_upgrade.models_without_choices):
        word, _, model = kind.partition(" ")
        yield _build_finding(
            kind,
            f"There is no {word} for {model}.",
            f"Assign one to this kind of object, or add those that the release brings: "
            f"{', '.join(missing.get(kind, ()))}.",
        )


@check(stage="verify")
def stale_group_members(post_upgrade: PostUpgrade) -> Iterator[Finding]:
    """The stored members of every dynamic group are those that its filter finds.

    Why: permissions, Jobs and config contexts go by the stored members; they are refreshed by the
        last step of the upgrade, and a filter can mean something else in a new release. Between
        two refreshes a difference is nothing unusual.
    Fix: refresh them, after you have seen what changes.
    """
    if outdated := require(post_upgrade.stale_dynamic_groups):
        yield _build_finding(
            "extras_dynamicgroup",
            f"{plural(len(outdated), 'dynamic group')} with other members stored than the filter "
            "finds.",
            "Look at each group; if the filter is right, run the command.",
            "nautobot-server refresh_dynamic_group_member_caches",
            severity=Severity.INFO,
            evidence=outdated,
        )
