"""One class for each layout in which Nautobot is deployed."""

from __future__ import annotations

from ...deployment.known import KnownDeployment
from ...facts import Database, Runtime
from .base import Layout
from .compose import Compose
from .host import GitCheckout, Host, ReleaseLink
from .kubernetes import Kubernetes
from .manual import Manual

CLASSES: dict[str, type[Layout]] = {
    "virtualenv": Host,
    "unknown": Host,
    "git checkout": GitCheckout,
    "release link": ReleaseLink,
    "compose": Compose,
    "kubernetes": Kubernetes,
    "container": Manual,
}

__all__ = ["Layout", "choose_layout"]


def choose_layout(deployment: KnownDeployment, runtime: Runtime, database: Database) -> Layout:
    """Return the layout of a deployment."""
    return CLASSES[deployment.layout](deployment, runtime, database)
