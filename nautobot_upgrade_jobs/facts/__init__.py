"""Facts about an installation: one frozen dataclass per topic.

The collector of the same name in ``collect/`` builds it. Checks, plans and reports only read it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TypeVar, get_args, get_type_hints

from .apps import App, Apps
from .automation import Automation
from .base import FactUnavailable, Listing, Unavailable, or_none, require
from .customizations import Customizations
from .data import Data
from .database import Database
from .deployment import Deployment
from .derived_state import DerivedState
from .expected_schema import ExpectedSchema
from .extensions import Extensions
from .files import Files
from .filter_results import FilterResults
from .fingerprints import TableFingerprints
from .jobs import Jobs
from .legacy_data import LegacyData
from .manifests import Manifests
from .migrations import Migrations
from .packages import Packages
from .post_upgrade import PostUpgrade
from .postconditions import PostconditionCounts
from .preconditions import Preconditions
from .redis import Redis
from .reversal import PlannedReversal
from .runtime import Runtime
from .schema import Schema
from .settings import Settings
from .storage import Storage
from .system_checks import SystemChecks
from .tables import Tables
from .ui_registry import UiRegistry
from .web import Web
from .workers import Workers

__all__ = [
    "App",
    "Apps",
    "Automation",
    "Customizations",
    "Data",
    "Database",
    "Deployment",
    "DerivedState",
    "ExpectedSchema",
    "Extensions",
    "FactUnavailable",
    "Facts",
    "Files",
    "FilterResults",
    "Jobs",
    "LegacyData",
    "Listing",
    "Manifests",
    "Migrations",
    "Packages",
    "PlannedReversal",
    "PostUpgrade",
    "PostconditionCounts",
    "Preconditions",
    "Redis",
    "Runtime",
    "Schema",
    "Settings",
    "Storage",
    "SystemChecks",
    "TableFingerprints",
    "Tables",
    "UiRegistry",
    "Unavailable",
    "Web",
    "Workers",
    "or_none",
    "require",
]

T = TypeVar("T")
NOT_COLLECTED = Unavailable("not collected")


@dataclass(frozen=True)
class Facts:
    """All facts of one state of an installation, by topic."""

    runtime: Runtime | Unavailable = NOT_COLLECTED
    deployment: Deployment | Unavailable = NOT_COLLECTED
    manifests: Manifests | Unavailable = NOT_COLLECTED
    database: Database | Unavailable = NOT_COLLECTED
    redis: Redis | Unavailable = NOT_COLLECTED
    packages: Packages | Unavailable = NOT_COLLECTED
    apps: Apps | Unavailable = NOT_COLLECTED
    settings: Settings | Unavailable = NOT_COLLECTED
    migrations: Migrations | Unavailable = NOT_COLLECTED
    tables: Tables | Unavailable = NOT_COLLECTED
    jobs: Jobs | Unavailable = NOT_COLLECTED
    workers: Workers | Unavailable = NOT_COLLECTED
    web: Web | Unavailable = NOT_COLLECTED
    storage: Storage | Unavailable = NOT_COLLECTED
    system_checks: SystemChecks | Unavailable = NOT_COLLECTED
    data: Data | Unavailable = NOT_COLLECTED
    legacy_data: LegacyData | Unavailable = NOT_COLLECTED
    schema: Schema | Unavailable = NOT_COLLECTED
    expected_schema: ExpectedSchema | Unavailable = NOT_COLLECTED
    derived_state: DerivedState | Unavailable = NOT_COLLECTED
    filter_results: FilterResults | Unavailable = NOT_COLLECTED
    automation: Automation | Unavailable = NOT_COLLECTED
    ui_registry: UiRegistry | Unavailable = NOT_COLLECTED
    files: Files | Unavailable = NOT_COLLECTED
    postconditions: PostconditionCounts | Unavailable = NOT_COLLECTED
    post_upgrade: PostUpgrade | Unavailable = NOT_COLLECTED
    extensions: Extensions | Unavailable = NOT_COLLECTED
    customizations: Customizations | Unavailable = NOT_COLLECTED
    preconditions: Preconditions | Unavailable = NOT_COLLECTED
    planned_reversal: PlannedReversal | Unavailable = NOT_COLLECTED
    fingerprints: TableFingerprints | Unavailable = NOT_COLLECTED

    def get(self, topic: type[T]) -> T | Unavailable:
        """Return the facts of the topic with this dataclass."""
        name = _topics_by_type().get(topic)
        if name is None:
            return Unavailable(f"nothing collects {topic.__name__}")
        value: T | Unavailable = getattr(self, name)
        return value

    @staticmethod
    def type_of(topic: str) -> type:
        """Return the type of a topic's facts."""
        kind: type = get_args(get_type_hints(Facts)[topic])[0]
        return kind

    @staticmethod
    def topics() -> tuple[str, ...]:
        """Return the names of all topics, in the order of collection and display."""
        return tuple(field.name for field in fields(Facts))


@cache
def _topics_by_type() -> dict[type, str]:
    """Return the topic of each dataclass."""
    return {Facts.type_of(topic): topic for topic in Facts.topics()}
