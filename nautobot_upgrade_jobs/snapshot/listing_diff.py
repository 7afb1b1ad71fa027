"""Compare the listings of two states item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from typing import get_args, get_type_hints

from ..facts import Facts, FactUnavailable, Listing, Unavailable, require
from ..facts.file_groups import group_listing, is_grouped
from ..facts.settings import Setting
from ..upgrade.installed_packages import installed_versions
from .difference import Difference, Item, NotComparable

LISTED_TOPICS = ("schema", "derived_state", "filter_results", "automation", "ui_registry", "files")
"""Topics in which each listing is a section."""
MEDIA_FILES = "files.media"
INVALID = "invalid: "
"""What the description of a saved query that is not valid begins with."""
FILE_SECTIONS = frozenset({MEDIA_FILES, "files.jobs"})


def listing_differences(before: Facts, after: Facts) -> Iterator[Difference | NotComparable]:
    """Yield the differences, section by section and name by name."""
    for section in sections():
        old, new = _section_listing(before, section), _section_listing(after, section)
        if isinstance(old, Unavailable):
            yield NotComparable(section, section, f"not in the older snapshot: {old.reason}")
        elif isinstance(new, Unavailable):
            yield NotComparable(section, section, f"not in the newer snapshot: {new.reason}")
        else:
            if section in FILE_SECTIONS and is_grouped(old) != is_grouped(new):
                old, new = group_listing(old), group_listing(new)
            yield from _compare_items(section, old, new)


def uncaptured_sections(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the sections that facts do not contain, each with the reason."""
    for section in sections():
        listing = _section_listing(facts, section)
        if isinstance(listing, Unavailable):
            yield section, listing.reason


@cache
def sections() -> tuple[str, ...]:
    """Return the names of all sections in display order."""
    listed = (f"{topic}.{name}" for topic in LISTED_TOPICS for name in listing_fields(topic))
    return (*VIEWS, *listed)


@cache
def listing_fields(topic: str) -> tuple[str, ...]:
    """Return the names of the fields of a topic that are listings."""
    topic_type = Facts.type_of(topic)
    hints = get_type_hints(topic_type)
    return tuple(
        field.name
        for field in fields(topic_type)
        if Listing in (hints[field.name], *get_args(hints[field.name]))
    )


def _section_listing(facts: Facts, section: str) -> Listing | Unavailable:
    if section in VIEWS:
        try:
            return Listing(VIEWS[section](facts))
        except FactUnavailable as error:
            return Unavailable(str(error))
    topic, _, field = section.partition(".")
    value = getattr(facts, topic)
    listing: Listing | Unavailable = (
        value if isinstance(value, Unavailable) else getattr(value, field)
    )
    return listing


def _compare_items(section: str, before: Listing, after: Listing) -> Iterator[Difference]:
    for name in sorted(before.items.keys() | after.items.keys()):
        if before.items.get(name) != after.items.get(name) and not (
            _is_broken(before, name) and _is_broken(after, name)
        ):
            old, new = _item(before, name), _item(after, name)
            yield Difference(section, name, old, new, _loses_data(section, name, before, after))


def _is_broken(listing: Listing, name: str) -> bool:
    """Return whether an item does not work. Releases differ in the message that says why."""
    return name in listing.errors or listing.items.get(name, "").startswith(INVALID)


def _item(listing: Listing, name: str) -> Item | None:
    if name not in listing.items:
        return None
    return Item(listing.items[name], listing.counts.get(name))


def _loses_data(section: str, name: str, before: Listing, after: Listing) -> bool:
    """Return whether user data is missing. Data that code creates can be created again."""
    if section == MEDIA_FILES:
        is_fewer = after.counts.get(name, 0) < before.counts.get(name, 0)
        return name not in after.items or is_fewer
    if name not in before.user_data:
        return False
    return after.counts.get(name, 0) < before.counts.get(name, 0)


def _installation(facts: Facts) -> dict[str, str]:
    runtime, database, redis = require(facts.runtime), require(facts.database), require(facts.redis)
    return {
        "Nautobot": runtime.nautobot,
        "Python": runtime.python,
        "environment": runtime.prefix,
        "database server": f"{database.vendor} {database.version}",
        "database role": database.role,
        "Redis": f"{redis.product} {redis.version}",
    }


def _packages(facts: Facts) -> dict[str, str]:
    return installed_versions(require(facts.packages))


def _apps(facts: Facts) -> dict[str, str]:
    return dict.fromkeys((app.module for app in require(facts.apps).enabled), "enabled")


def _settings(facts: Facts) -> dict[str, str]:
    settings = require(facts.settings)
    values = {setting.name: _value(setting) for setting in settings.values}
    for app in require(facts.apps).enabled:
        values |= {f"{app.module}.{setting.name}": _value(setting) for setting in app.settings}
    values |= {f"config.{setting.name}": _value(setting) for setting in require(settings.constance)}
    return values | {f"${name}": "set" for name in settings.environment}


def _value(setting: Setting) -> str:
    return setting.value or f"{setting.type}, digest {setting.digest}"


def _migrations(facts: Facts) -> dict[str, str]:
    return dict.fromkeys(require(facts.migrations).recorded, "recorded")


def _system_checks(facts: Facts) -> dict[str, str]:
    messages = require(facts.system_checks).messages
    return {f"{message.id} {message.message}": message.level for message in messages}


def _storage(facts: Facts) -> dict[str, str]:
    return {
        folder.setting: f"{folder.path}, {'exists' if folder.exists else 'missing'}, "
        f"{'writable' if folder.writable else 'not writable'}"
        for folder in require(facts.storage).folders
    }


VIEWS: dict[str, Callable[[Facts], dict[str, str]]] = {
    "installation": _installation,
    "packages": _packages,
    "apps": _apps,
    "settings": _settings,
    "migrations": _migrations,
    "system_checks": _system_checks,
    "storage": _storage,
}
