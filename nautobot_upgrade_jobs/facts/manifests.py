"""Rendered manifests: the output of ``helm template`` or ``docker compose config``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FileProbe = Literal["", "read", "not written"]
MigratesIn = Literal["", "entry point", "init container", "job"]


@dataclass(frozen=True)
class Deadline:
    """A time limit after which a container that still migrates is ended or replaced."""

    name: str
    """Such as ``progressDeadlineSeconds``."""
    seconds: int


@dataclass(frozen=True)
class Workload:
    """Containers of one kind: a Deployment, a Job, or a service of Docker Compose."""

    name: str
    kind: str
    """The kind in the manifest, or ``service`` for Docker Compose."""
    role: str
    """``web``, ``worker``, ``beat`` or ``database``. Empty for anything else."""
    file: str
    image: str
    replicas: int
    """Largest number of replicas, with that of an autoscaler."""
    migrates_in: MigratesIn = ""
    """The container that runs ``post_upgrade`` at each start. Empty if there is none."""
    deadlines: tuple[Deadline, ...] = ()
    """Time limits of the container that migrates."""
    memory_mib: int | None = None
    """Memory limit of the container that migrates. None without a limit."""
    hosts: dict[str, str] = field(default_factory=dict)
    """The host of each server that the variables name, by ``database`` and ``redis``."""
    file_probe: FileProbe = ""
    """Whether a probe reads the files that a worker writes about its health. ``not written``: a
    variable switches these files off."""

    @property
    def place(self) -> str:
        """Where the workload is defined, as evidence."""
        return f"{self.file}: {self.kind} {self.name}"


@dataclass(frozen=True)
class Controller:
    """An object that changes or rolls back the release by itself."""

    kind: str
    name: str
    file: str
    rollback: str = ""
    """The setting by which it rolls back a failed upgrade. Empty if it does not."""
    reverts: str = ""
    """The setting by which it reverts changes of the cluster. Empty if it does not."""
    deadlines: tuple[Deadline, ...] = ()
    namespace: str = ""
    """Empty if the manifest does not name it."""


@dataclass(frozen=True)
class Chart:
    """A version of Nautobot's Helm chart that manifests name."""

    version: str
    """Version, or the range of a GitOps object, such as ``3.1.2`` or ``3.x``."""
    file: str
    majors: tuple[int, ...]
    """The major versions that the range admits."""
    is_rendered: bool
    """Whether the chart rendered an object of the file. Otherwise a GitOps object names it."""


@dataclass(frozen=True)
class Manifests:
    """All manifests in the folder that the operator named."""

    folder: str = ""
    """Empty if the operator named no folder."""
    workloads: tuple[Workload, ...] = ()
    controllers: tuple[Controller, ...] = ()
    charts: tuple[Chart, ...] = ()
    services: tuple[str, ...] = ()
    """Names of the Kubernetes objects of the kind Service."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """By file: why it could not be read."""

    @property
    def interfering(self) -> tuple[Controller, ...]:
        """The controllers that roll back or revert by themselves."""
        return tuple(each for each in self.controllers if each.rollback or each.reverts)
