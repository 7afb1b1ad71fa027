"""What can be known of an installation: one frozen dataclass for each topic.

A collector of the same name in ``collect/`` fills each; checks, plans and reports only read them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar, get_args, get_type_hints

from .aftercare import AfterCare
from .apps import App, Apps
from .automation import Automation
from .base import Listing, MissingFactError, Unavailable, known
from .contents import Contents
from .customizations import Customizations
from .data import Data
from .database import Database
from .demands import Demands
from .extensions import Extensions
from .files import Files
from .interface import Interface
from .jobs import Jobs
from .meaning import Meaning
from .migrations import Migrations
from .models import Models
from .outcomes import Outcomes
from .packages import Packages
from .redis import Redis
from .reversal import Retreat
from .runtime import Runtime
from .schema import Schema
from .settings import Settings
from .storage import Storage
from .system import System
from .tables import Tables
from .workers import Workers

__all__ = [
    "AfterCare",
    "App",
    "Apps",
    "Automation",
    "Contents",
    "Customizations",
    "Data",
    "Database",
    "Demands",
    "Extensions",
    "Facts",
    "Files",
    "Interface",
    "Jobs",
    "Listing",
    "Meaning",
    "Migrations",
    "MissingFactError",
    "Models",
    "Outcomes",
    "Packages",
    "Redis",
    "Retreat",
    "Runtime",
    "Schema",
    "Settings",
    "Storage",
    "System",
    "Tables",
    "Unavailable",
    "Workers",
    "known",
]

T = TypeVar("T")
NOT_COLLECTED = Unavailable("not collected")


@dataclass(frozen=True)
class Facts:
    """All facts of one state of an installation, by topic."""

    runtime: Runtime | Unavailable = NOT_COLLECTED
    database: Database | Unavailable = NOT_COLLECTED
    redis: Redis | Unavailable = NOT_COLLECTED
    packages: Packages | Unavailable = NOT_COLLECTED
    apps: Apps | Unavailable = NOT_COLLECTED
    settings: Settings | Unavailable = NOT_COLLECTED
    migrations: Migrations | Unavailable = NOT_COLLECTED
    tables: Tables | Unavailable = NOT_COLLECTED
    jobs: Jobs | Unavailable = NOT_COLLECTED
    workers: Workers | Unavailable = NOT_COLLECTED
    storage: Storage | Unavailable = NOT_COLLECTED
    system: System | Unavailable = NOT_COLLECTED
    data: Data | Unavailable = NOT_COLLECTED
    schema: Schema | Unavailable = NOT_COLLECTED
    models: Models | Unavailable = NOT_COLLECTED
    meaning: Meaning | Unavailable = NOT_COLLECTED
    automation: Automation | Unavailable = NOT_COLLECTED
    interface: Interface | Unavailable = NOT_COLLECTED
    files: Files | Unavailable = NOT_COLLECTED
    outcomes: Outcomes | Unavailable = NOT_COLLECTED
    aftercare: AfterCare | Unavailable = NOT_COLLECTED
    extensions: Extensions | Unavailable = NOT_COLLECTED
    customizations: Customizations | Unavailable = NOT_COLLECTED
    demands: Demands | Unavailable = NOT_COLLECTED
    retreat: Retreat | Unavailable = NOT_COLLECTED
    contents: Contents | Unavailable = NOT_COLLECTED

    def of(self, topic: type[T]) -> T | Unavailable:
        """Return the facts of a topic, named by its type."""
        value: T | Unavailable = getattr(self, topic.__name__.lower())
        return value

    @staticmethod
    def kind_of(topic: str) -> type:
        """Return the type of a topic's facts."""
        kind: type = get_args(get_type_hints(Facts)[topic])[0]
        return kind

    @staticmethod
    def topics() -> tuple[str, ...]:
        """Return the names of all topics, in the order they are collected and shown."""
        return tuple(field.name for field in fields(Facts))
