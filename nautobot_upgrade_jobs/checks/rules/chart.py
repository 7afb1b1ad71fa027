"""What another version of Nautobot's Helm chart changes besides the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...facts import Database, Deployment, Manifests, Redis
from ...facts.manifests import Chart
from ..build import info, warning
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check

CHART = "nautobot"
CHANGES: dict[int, tuple[str, ...]] = {
    2: (
        "celeryWorker and celeryBeat became workers.default and workers.beat",
        "the values of the postgresql subchart have new names, such as postgresql.auth.password",
        "the postgresql subchart starts another major version of PostgreSQL",
    ),
    3: (
        "the postgresql and redis subcharts are off, unless their value enabled is true",
        "the rabbitmq, mariadb and postgresqlha subcharts do not exist",
        "the Secret in nautobot.db.existingSecret needs a username",
        "the default image is Nautobot 3, from another registry",
        "the probes of the workers read files, which Nautobot writes since 2.4.24 and 3.0.1",
    ),
}
"""What each major version changed. Source: the page Upgrading of the Helm chart."""
SUBCHART = re.compile(r".+-(postgresql|mariadb|postgresqlha-pgpool|redis-master|redis-headless)")
"""Names of the Services that the chart's own database and Redis have."""


def _require_charts(manifests: Manifests) -> tuple[Chart, ...]:
    if not manifests.charts:
        raise NotApplicable("no manifests of Nautobot's Helm chart were given (--manifests)")
    return manifests.charts


@check(stage="preflight", phase=Phase.BOOT, impact=Impact.OUTAGE)
def major_changes(manifests: Manifests, deployment: Deployment) -> Iterator[Finding]:
    """The upgrade keeps the major version of the Helm chart.

    Why: a new major version of the chart has other values. It can remove the database, or change
        its version, at the same time as Nautobot's.
    Fix: upgrade the chart in a window of its own, and keep Nautobot's release there.
    """
    stated = next(iter(deployment.stated.get("chart_version", ())), "")
    installed = stated.removeprefix(f"{CHART}-")
    major = int(installed.partition(".")[0]) if installed else None
    for chart in {chart.version: chart for chart in _require_charts(manifests)}.values():
        if major is None:
            yield info(
                chart.version,
                f"The manifests are of version {chart.version} of the Helm chart. The installed "
                "version is unknown.",
                fix="Compare it with the output of `helm list`, and state deployment.chart_version "
                "in the settings of this App.",
                evidence=(f"{chart.file}: chart {chart.version}",),
            )
        elif chart.majors != (major,):
            yield warning(
                chart.version,
                f"The manifests can change the major version of the Helm chart: {installed} is "
                f"installed, and they name {chart.version}.",
                fix="Upgrade the chart in a window of its own, and keep Nautobot's release there.",
                evidence=(f"{chart.file}: chart {chart.version}", *_changes(major, chart.majors)),
            )


def _changes(installed: int, admitted: tuple[int, ...]) -> Iterator[str]:
    """Yield what changes between the installed major version and the admitted ones."""
    majors = (installed, *admitted)
    for major in range(min(majors) + 1, max(majors) + 1):
        yield from (f"{major}.x: {change}" for change in CHANGES.get(major, ()))


@check(stage="preflight", phase=Phase.BOOT, impact=Impact.DATA_LOSS)
def server_removed(manifests: Manifests, database: Database, redis: Redis) -> Iterator[Finding]:
    """The manifests keep the database and the Redis server that the chart installed.

    Why: if the values switch a subchart off, `helm upgrade` removes its server.
    Fix: set `postgresql.enabled` or `redis.enabled` to true.
    """
    if not any(chart.is_rendered for chart in _require_charts(manifests)):
        raise NotApplicable("the manifests contain no object that the chart rendered")
    for server, host in (("database", database.host), ("redis", redis.host)):
        name = host.partition(".")[0]
        if SUBCHART.fullmatch(name) and name not in manifests.services:
            yield warning(
                name,
                f"The {server} server in use is {host}, but the manifests do not contain it. If "
                "it belongs to the same Helm release, the upgrade of the release removes it.",
                fix="Enable its subchart in the values, and render the manifests again.",
                evidence=(f"Services in the manifests: {', '.join(manifests.services) or 'none'}",),
            )
