"""Merge what was seen of a deployment with what the settings state, and assume the rest.

The names that are assumed are those of Nautobot's installation guide, of
``nautobot/nautobot-docker-compose`` and of the Helm chart ``nautobot/helm-charts``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast, get_args

from ..facts import Database, Deployment, Facts, Unavailable
from ..facts.base import TextEnum
from ..facts.deployment import Role

Layout = Literal[
    "virtualenv", "release link", "git checkout", "compose", "kubernetes", "container", "unknown"
]
"""``container``: it is unknown what runs the container. ``unknown``: a symbolic link leads to the
environment on a host, and it is unknown whether the link switches releases."""
HOST_LAYOUTS = ("virtualenv", "release link", "git checkout", "unknown")
"""Layouts in which systemd runs the services, and commands run on the host."""
ROLES: tuple[Role, ...] = get_args(Role)
INSTALLATION_GUIDE = "Nautobot's installation guide"
COMPOSE_EXAMPLE = "the files of nautobot-docker-compose"
HELM_CHART = "the names of Nautobot's Helm chart"
POD_NAME = re.compile(r"(?P<deployment>.+)-[a-z0-9]{5,10}-[a-z0-9]{5}")
CHART_NAME = re.compile(r"(?P<release>.+?)-(celery-)?[a-z0-9]+")
NOT_IN_COMMANDS = ("url", "chart_version")
"""Keys of the setting that no command of a plan needs."""
CLIENT_LOGIN = {
    "postgresql": "",
    "mysql": """ sh -c 'MYSQL_PWD="${MYSQL_PASSWORD}" exec "$0" "$@"'""",
}
"""How the client logs in inside the container of the server. PostgreSQL's image trusts it there."""


class Source(TextEnum):
    """How a part of the deployment is known."""

    SEEN = "seen"
    STATED = "stated"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Part:
    """One property of the deployment, and how it is known."""

    name: str
    """Its key in the setting ``deployment``."""
    values: tuple[str, ...]
    source: Source
    evidence: str
    """Where it was seen, or the source of the assumption."""


@dataclass(frozen=True)
class Contradiction:
    """What the setting states and this process sees otherwise."""

    key: str
    """Key of the setting ``deployment``."""
    text: str


@dataclass(frozen=True)
class KnownDeployment:
    """The deployment as the plan uses it."""

    seen: Deployment
    layout: Layout
    parts: tuple[Part, ...]
    contradictions: tuple[Contradiction, ...]

    @property
    def assumptions(self) -> tuple[Part, ...]:
        """The parts that were neither seen nor stated."""
        return tuple(part for part in self.parts if part.source is Source.ASSUMED)

    @property
    def services(self) -> tuple[str, ...]:
        """The names of all services: web, then workers, then beat."""
        return tuple(dict.fromkeys(name for role in ROLES for name in self.values(role)))

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a part. Empty if the part is unknown."""
        return next((part.values for part in self.parts if part.name == name), ())

    def value(self, name: str) -> str:
        """Return the only value of a part. Empty if the part is unknown."""
        return next(iter(self.values(name)), "")


def known_deployment(facts: Facts) -> KnownDeployment | None:
    """Return the deployment of an installation. None if it could not be collected."""
    if isinstance(facts.deployment, Unavailable) or isinstance(facts.database, Unavailable):
        return None
    return resolve_deployment(facts.deployment, facts.database)


def resolve_deployment(seen: Deployment, database: Database) -> KnownDeployment:
    """Return the deployment: what was stated comes first, then what was seen, then assumptions.

    Args:
        seen: The deployment as this process sees it, with the setting.
        database: The database. A database in a container has its own client there.
    """
    layout = _choose_layout(seen)
    known = {part.name: part for part in (layout, *_find_parts(seen, layout.values[0], database))}
    stated = {
        name: Part(name, values, Source.STATED, "setting deployment")
        for name, values in seen.stated.items()
        if name not in ("layout", *NOT_IN_COMMANDS)
    }
    parts = tuple({**known, **stated}.values())
    chosen = cast(Layout, layout.values[0])
    return KnownDeployment(seen, chosen, parts, tuple(_find_contradictions(seen, chosen)))


def _choose_layout(seen: Deployment) -> Part:
    stated = seen.stated.get("layout")
    if stated and not _contradict_layout(seen, stated[0]):
        return Part("layout", stated, Source.STATED, "setting deployment")
    layout, evidence = _observe_layout(seen)
    return Part("layout", (layout,), Source.SEEN, evidence)


def _observe_layout(seen: Deployment) -> tuple[Layout, str]:
    """Return the first layout that matches, and what shows it."""
    if seen.pod:
        return "kubernetes", f"pod {seen.pod}"
    if seen.compose_services and not seen.units:
        return (
            "compose",
            f"name of a container in the network, {seen.compose_services[0].container}",
        )
    if seen.container and not seen.units:
        return "container", "a container, but not which program runs it"
    if seen.checkout:
        return "git checkout", f"Git checkout {seen.checkout}"
    if seen.release:
        return "release link", f"{seen.release.link} leads to {seen.release.folder}"
    if seen.other_link:
        return "unknown", f"symbolic link {seen.other_link}"
    return "virtualenv", "a virtual environment" if seen.has_own_environment else "the system"


def _find_parts(seen: Deployment, layout: str, database: Database) -> Iterator[Part]:
    if layout in HOST_LAYOUTS:
        yield from _find_units(seen)
    elif layout == "compose":
        for role, name in zip(ROLES, ("nautobot", "celery_worker", "celery_beat"), strict=True):
            yield Part(role, (name,), Source.ASSUMED, COMPOSE_EXAMPLE)
        yield from _find_database_command(seen, database)
    elif layout == "kubernetes":
        yield from _find_chart_names(seen)


def _find_database_command(seen: Deployment, database: Database) -> Iterator[Part]:
    """Yield how the database's client is run in the container of the server."""
    services = {service.host: service for service in seen.compose_services}
    service = services.get(database.host)
    login = CLIENT_LOGIN[database.vendor]
    if service:
        command = f"docker compose --project-name {service.project} exec -T {service.name}{login}"
        yield Part("database_command", (command,), Source.SEEN, service.container)
    elif _is_service_name(database.host):
        command = f"docker compose exec -T {database.host}{login}"
        evidence = f"the name of the database server, {database.host}, is no address"
        yield Part("database_command", (command,), Source.ASSUMED, evidence)


def _is_service_name(host: str) -> bool:
    """Return whether a name can only be resolved in the network of Docker Compose."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", host)) and host != "localhost"


def _find_units(seen: Deployment) -> Iterator[Part]:
    """Yield the units of each role. If one role has units, a role without any has no service."""
    guide = {"web": "nautobot", "worker": "nautobot-worker", "beat": "nautobot-scheduler"}
    for role in ROLES:
        found = [unit for unit in seen.units if unit.role == role]
        if seen.units:
            names = tuple(unit.name.removesuffix(".service") for unit in found)
            yield Part(role, names, Source.SEEN, ", ".join(unit.file for unit in found))
        else:
            yield Part(role, (guide[role],), Source.ASSUMED, INSTALLATION_GUIDE)


def _find_chart_names(seen: Deployment) -> Iterator[Part]:
    """Yield the Deployments. The name of a pod starts with that of its Deployment."""
    pod = POD_NAME.fullmatch(seen.pod)
    own = pod["deployment"] if pod else ""
    chart = CHART_NAME.fullmatch(own)
    release = chart["release"] if chart else "nautobot"
    if seen.namespace:
        yield Part("namespace", (seen.namespace,), Source.SEEN, "the service account of the pod")
    else:
        yield Part("namespace", ("default",), Source.ASSUMED, "the default of kubectl")
    yield Part("release", (release,), Source.ASSUMED, f"name of the pod {seen.pod}")
    yield Part("chart", ("nautobot/nautobot",), Source.ASSUMED, HELM_CHART)
    names = {"web": "default", "worker": "celery-default", "beat": "celery-beat"}
    for role in ROLES:
        yield Part(role, (f"{release}-{names[role]}",), Source.ASSUMED, HELM_CHART)


def _find_contradictions(seen: Deployment, layout: str) -> Iterator[Contradiction]:
    """Yield what the settings state and this process sees otherwise."""
    for stated in seen.stated.get("layout", ()):
        reason = _contradict_layout(seen, stated)
        if reason:
            yield Contradiction("layout", f"The setting states the layout {stated}, but {reason}.")
    if layout in HOST_LAYOUTS and seen.units:
        yield from _find_missing_units(seen)


def _contradict_layout(seen: Deployment, layout: str) -> str:
    """Return why the layout cannot be the stated one. Empty if it can."""
    if layout == "kubernetes" and not seen.pod:
        return "this process does not run in a pod"
    if layout != "kubernetes" and seen.pod:
        return f"this process runs in the pod {seen.pod}"
    if layout == "compose" and not seen.container:
        return "this process does not run in a container"
    if layout == "release link" and not seen.release:
        return "no symbolic link leads to the folder of a release"
    if layout == "git checkout" and not seen.checkout:
        return "Nautobot is not installed from a Git checkout"
    return ""


def _find_missing_units(seen: Deployment) -> Iterator[Contradiction]:
    names = {unit.name.removesuffix(".service") for unit in seen.units}
    for role in ROLES:
        for stated in seen.stated.get(role, ()):
            if stated.removesuffix(".service") not in names:
                text = f"The setting states the {role} unit {stated}, but no unit file of this name"
                yield Contradiction(role, f"{text} runs Nautobot.")
