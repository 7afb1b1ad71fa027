"""What the manifests of the deployment do to a migration: start it twice, end it, roll it back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from ...catalog import Catalog
from ...catalog.target_release import Target
from ...common.text import plural
from ...facts import Database, Manifests, Redis, Tables, Unavailable, require
from ...facts.manifests import Workload
from ...facts.trial_boot import TrialBoot
from ...migration_graph.cost_estimate import estimate_cost
from ..build import info, warning
from ..cost_text import format_seconds
from ..findings import Finding, Impact, Phase
from ..planned_upgrade import require_preconditions
from ..registry import NotApplicable, check

NO_MANIFESTS = "no manifests were given (--manifests)"
FOLLOW_THE_PLAN = "Upgrade with the steps of the plan: they stop all of them, and migrate once."
OFFICIAL_IMAGE = "/nautobot/nautobot"
FILE_PROBES = SpecifierSet(">=2.4.24,<3.0", prereleases=True)
FILE_PROBES_OF_3 = SpecifierSet(">=3.0.1", prereleases=True)
"""Releases whose Celery processes can write files for probes. Source: the ``version_added`` of
CELERY_HEALTH_PROBES_AS_FILES, and the page Upgrading of the Helm chart."""
MEMORY_MIB = 1024
"""Memory that ``migrate`` needs at least, with the reserve of a large change log."""


def _require(manifests: Manifests) -> Manifests:
    if not manifests.folder:
        raise NotApplicable(NO_MANIFESTS)
    return manifests


def _migrating(manifests: Manifests) -> tuple[Workload, ...]:
    return tuple(one for one in _require(manifests).workloads if one.migrates_in)


@check(stage="preflight", phase=Phase.MIGRATE, impact=Impact.OUTAGE)
def concurrent_migrations(manifests: Manifests) -> Iterator[Finding]:
    """At most one container migrates the database at a time.

    Why: the entry point of Nautobot's image runs `post_upgrade`. If several containers start with
        the new image, they migrate the same tables at the same time, and some fail in the middle.
    Fix: migrate in one container before the others start.
    """
    migrating = _migrating(manifests)
    if sum(one.replicas for one in migrating) < 2:
        return
    for one in migrating:
        yield warning(
            one.name,
            f"{plural(one.replicas, 'container')} of {one.name} would run `post_upgrade` in the "
            f"{one.migrates_in} when the new image starts.",
            fix=FOLLOW_THE_PLAN,
            evidence=(f"{one.place}, {one.replicas} replicas",),
        )


@check(stage="preflight", phase=Phase.MIGRATE, impact=Impact.OUTAGE)
def migrates_on_start(manifests: Manifests) -> Iterator[Finding]:
    """A start of the new image alone does not migrate the database.

    Why: with this entry point, a container of the new image that is started for a test migrates
        the database. After that, the old release does not work any more.
    Fix: start the new image only with a command that bypasses the entry point.
    """
    for one in _migrating(manifests):
        yield info(
            one.name,
            f"A start of {one.name} with the new image migrates the database, in the "
            f"{one.migrates_in}.",
            fix="Before the window, start no container of the new image with its entry point.",
            evidence=(f"{one.place}, {one.image}",),
        )


@check(stage="preflight", phase=Phase.MIGRATE, impact=Impact.OUTAGE)
def deadline_too_short(
    manifests: Manifests, trial_boot: TrialBoot | Unavailable, tables: Tables, catalog: Catalog
) -> Iterator[Finding]:
    """No time limit ends a migration in the middle.

    Why: a container that is ended by a probe or a deadline leaves a partially applied migration.
        On MySQL, its tables have to be repaired by hand.
    Fix: migrate outside of the limit, or raise it above the upper bound of the estimate.
    """
    controllers = _require(manifests).controllers  # First: without manifests nothing is missing.
    preconditions = require_preconditions(require(trial_boot))
    estimate = estimate_cost(preconditions, tables, catalog.durations)
    limits = [(one.name, one.file, each) for one in _migrating(manifests) for each in one.deadlines]
    limits += [(one.name, one.file, each) for one in controllers for each in one.deadlines]
    for name, file, deadline in limits:
        if deadline.seconds < estimate.high:
            yield warning(
                f"{name}.{deadline.name.replace(' ', '_')}",
                f"{deadline.name} of {name} is {format_seconds(deadline.seconds)}, but the "
                f"migrations can take {format_seconds(estimate.high)}.",
                fix=FOLLOW_THE_PLAN,
                evidence=(f"{file}: {deadline.name}, {deadline.seconds} s",),
            )


@check(stage="preflight", phase=Phase.MIGRATE, impact=Impact.OUTAGE)
def memory_limit_too_low(manifests: Manifests) -> Iterator[Finding]:
    """The container that migrates has enough memory.

    Why: the kernel ends a container above its limit at once, and leaves a partially applied
        migration.
    Fix: migrate in a container without this limit, or raise the limit.
    """
    for one in _migrating(manifests):
        if one.memory_mib is not None and one.memory_mib < MEMORY_MIB:
            yield warning(
                one.name,
                f"The {one.migrates_in} of {one.name} may use {one.memory_mib} MiB of memory. "
                f"Migrations can need {MEMORY_MIB} MiB.",
                fix=f"Raise its memory limit to {MEMORY_MIB} MiB or more for the upgrade.",
                evidence=(one.place,),
            )


@check(stage="preflight", phase=Phase.ROLLBACK, impact=Impact.OUTAGE)
def automatic_rollback(manifests: Manifests) -> Iterator[Finding]:
    """Nothing starts the old release again after the database was migrated.

    Why: a controller that rolls back a failed or slow upgrade puts old code in front of a migrated
        database. The old release then answers each request with an error.
    Fix: suspend the controller during the window.
    """
    for one in _require(manifests).controllers:
        settings = " and ".join(filter(None, (one.rollback, one.reverts)))
        if settings:
            yield warning(
                f"{one.kind}.{one.name}",
                f"{one.kind} {one.name} can undo the upgrade by itself: {settings}.",
                fix=f"Suspend {one.kind} {one.name} before the window, and resume it when the new "
                "image is part of its source.",
                evidence=(f"{one.file}: {one.kind} {one.name}",),
            )


@check(stage="preflight", phase=Phase.BOOT, impact=Impact.OUTAGE)
def database_major_changes(manifests: Manifests, database: Database) -> Iterator[Finding]:
    """The manifests keep the major version of the database server.

    Why: a server of another major version does not start on the data of the old one.
    Fix: upgrade the database server in a window of its own, with a dump and a restore.
    """
    running = Version(database.version).major
    for one in _require(manifests).workloads:
        major = _major_of(one.image) if one.role == "database" else None
        if major is not None and major != running:
            yield warning(
                one.name,
                f"The manifest of {one.name} names major version {major} of the database server, "
                f"but version {running} is running.",
                fix="Keep the running major version for this upgrade.",
                evidence=(f"{one.file}: {one.image}",),
            )


def _major_of(image: str) -> int | None:
    """Return the major version in the tag of an image. None if the tag has none."""
    try:
        return Version(image.rpartition(":")[2].partition("-")[0]).major
    except InvalidVersion:
        return None


@check(stage="preflight", phase=Phase.BOOT, impact=Impact.OUTAGE)
def other_server(manifests: Manifests, database: Database, redis: Redis) -> Iterator[Finding]:
    """The manifests name the database server and the Redis server that are in use.

    Why: with another server, Nautobot starts on an empty or an old database, or loses its queues.
    Fix: correct the variable in the source of the manifests.
    """
    in_use = {"database": database.host, "redis": redis.host}
    for one in _require(manifests).workloads:
        for server, host in one.hosts.items():
            if in_use[server] and not _may_be_same_host(host, in_use[server]):
                yield warning(
                    f"{one.name}.{server}",
                    f"The manifest of {one.name} names the {server} server {host}, but "
                    f"{in_use[server]} is in use.",
                    fix=f"Correct the host of the {server} server in the source of the manifests.",
                    evidence=(one.place,),
                )


def _may_be_same_host(one: str, other: str) -> bool:
    """Return whether two names can be the same host, such as a name with and without domain."""
    if "$" in one or _is_address(one) != _is_address(other):
        return True  # It is unknown what a variable or a name stands for.
    short, long = sorted((one.lower().rstrip("."), other.lower().rstrip(".")), key=len)
    return f"{long}.".startswith(f"{short}.")


def _is_address(host: str) -> bool:
    return bool(re.fullmatch(r"[\d.]+|[\da-fA-F]*:[\da-fA-F:.]+", host))


@check(stage="preflight", phase=Phase.BOOT, impact=Impact.OUTAGE)
def other_release(manifests: Manifests, target: Target) -> Iterator[Finding]:
    """The manifests name the image of the target, or the installed one.

    Why: a container of another release migrates the database to the schema of that release. A tag
        such as `stable` names another release after each pull.
    Fix: name the exact release in the tag.
    """
    expected = {Version(target.installed).public, Version(target.version).public}
    for one in _require(manifests).workloads:
        repository, tag = _split_image(one.image)
        is_official = f"/{repository}".endswith(OFFICIAL_IMAGE)
        if is_official and tag.partition("-")[0] not in expected:
            yield warning(
                one.name,
                f"The manifest of {one.name} names the image {one.image}, which is neither "
                f"{target.installed} nor {target.version}.",
                fix=f"Name the tag {target.version} in the source of the manifests.",
                evidence=(one.place,),
            )


def _split_image(image: str) -> tuple[str, str]:
    """Return the repository and the tag of an image. A registry can have a port."""
    folder, slash, last = image.partition("@")[0].rpartition("/")
    name, _, tag = last.partition(":")
    return f"{folder}{slash}{name}", tag or "latest"


@check(stage="preflight", phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def probe_without_file(manifests: Manifests, target: Target) -> Iterator[Finding]:
    """The target writes the files that the probes of the workers read.

    Why: workers write files for probes since 2.4.24 and 3.0.1, if a setting asks for it. Otherwise
        the probe fails, and the cluster restarts the workers again and again.
    Fix: use probes that ask the worker. With the Helm chart, set
        `celery.celery_health_probes_as_files` to false.
    """
    release = Version(target.version)
    can_write = release in FILE_PROBES or release in FILE_PROBES_OF_3
    for one in _require(manifests).workloads:
        if one.file_probe == "not written" or (one.file_probe and not can_write):
            reason = f"Nautobot {target.version} does" if not can_write else "these settings do"
            yield warning(
                one.name,
                f"A probe of {one.name} reads a file that {reason} not write.",
                fix="Use a probe that asks the worker, or set "
                "NAUTOBOT_CELERY_HEALTH_PROBES_AS_FILES to true if the target has it.",
                evidence=(one.place,),
            )


@check(stage="preflight", phase=Phase.BOOT, impact=Impact.UNKNOWN)
def unreadable_manifest(manifests: Manifests) -> Iterator[Finding]:
    """All given manifests could be read.

    Why: what a manifest that could not be read does to the upgrade is unknown.
    Fix: give the output of `helm template` or of `docker compose config`.
    """
    for name, reason in _require(manifests).unreadable.items():
        yield warning(
            name,
            f"The manifest {name} could not be read: {reason}.",
            fix="Render the manifests again, and give the folder that contains them.",
        )
    if not manifests.workloads and not manifests.unreadable:
        yield warning(
            "workloads",
            "The manifests contain no Deployment, Job or service that runs Nautobot.",
            fix="Give the folder with the rendered manifests of Nautobot itself.",
        )
