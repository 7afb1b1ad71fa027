"""A state as listings: everything that can be told name by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache

from packaging.utils import canonicalize_name

from ..facts import Facts, FactUnavailable, Listing, Unavailable, require
from ..facts.settings import Setting
from .difference import Difference, NotComparable

LISTED_TOPICS = ("schema", "derived_state", "automation", "ui_registry", "files")
"""Topics whose every field is a listing already."""
DIGEST = re.compile(r"(,? ?\b(digest|sha256) |, |^)[0-9a-f]{16,64}$")
"""Of no use to a reader; it stands in the JSON report."""
COUNT = re.compile(r"(\d+) (?:members?|rows?|values?|associations?)\b")
ENTERED = ("derived_state.custom_fields", "derived_state.relationships")
GROUPS = "derived_state.dynamic_groups"
USER_FILES = "files.media"


def differences_of_listings(before: Facts, after: Facts) -> Iterator[Difference | NotComparable]:
    """Yield what differs, section by section and name by name."""
    for section in sections():
        was, now = _listing(before, section), _listing(after, section)
        if isinstance(was, Unavailable):
            yield NotComparable(section, section, f"not in the older snapshot: {was.reason}")
        elif isinstance(now, Unavailable):
            yield NotComparable(section, section, f"not in the newer snapshot: {now.reason}")
        else:
            yield from _compared(section, was.items, now.items)


@cache
def sections() -> tuple[str, ...]:
    """Return the names of all sections, in the order they are shown."""
    listed = (
        f"{topic}.{field.name}" for topic in LISTED_TOPICS for field in fields(Facts.type_of(topic))
    )
    return (*VIEWS, *listed)


def _listing(facts: Facts, section: str) -> Listing | Unavailable:
    if section in VIEWS:
        try:
            return Listing(VIEWS[section](facts))
        except FactUnavailable as error:
            return Unavailable(str(error))
    topic, _, field = section.partition(".")
    value = getattr(facts, topic)
    found: Listing | Unavailable = (
        value if isinstance(value, Unavailable) else getattr(value, field)
    )
    return found


def _compared(
    section: str, before: dict[str, str], after: dict[str, str]
) -> Iterator[Difference | NotComparable]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            loses = _loses(section, was, now)
            yield Difference(section, name, was, now, _story(name, was, now), loses)


def _loses(section: str, was: str | None, now: str | None) -> bool:
    """Tell whether what users have entered is gone; what code brings can be brought again."""
    if section == USER_FILES:
        return now is None
    counted = section in ENTERED or (section == GROUPS and ", static: " in (was or ""))
    if not counted or was is None:
        return False
    return count_of(now or "") < count_of(was)


def count_of(text: str) -> int:
    """Return the number of things that a text tells of; 0 if it tells none."""
    found = COUNT.search(text)
    return int(found[1]) if found else 0


def _story(name: str, was: str | None, now: str | None) -> str:
    shown_was, shown_now = (DIGEST.sub("", text or "").strip() for text in (was, now))
    if was is None:
        return f"{name} is new: {shown_now or 'there'}"
    if now is None:
        return f"{name} is gone; it was: {shown_was or 'there'}"
    if shown_was == shown_now:  # what is kept of it tells that it differs, and no more
        return f"{name} is another one than before" + (f": {shown_now}" if shown_now else "")
    return f"{name} was: {shown_was}; now it is: {shown_now}"


def _installation(facts: Facts) -> dict[str, str]:
    runtime, database, redis = require(facts.runtime), require(facts.database), require(facts.redis)
    return {
        "Nautobot": runtime.nautobot,
        "Python": runtime.python,
        "layout": runtime.layout,
        "environment": runtime.prefix,
        "database server": f"{database.vendor} {database.version}",
        "database role": database.role,
        "Redis": f"{redis.product} {redis.version}",
    }


def _packages(facts: Facts) -> dict[str, str]:
    packages = require(facts.packages).installed
    return {str(canonicalize_name(one.name)): one.version for one in packages}


def _apps(facts: Facts) -> dict[str, str]:
    return dict.fromkeys((one.module for one in require(facts.apps).enabled), "enabled")


def _settings(facts: Facts) -> dict[str, str]:
    found = {one.name: _value(one) for one in require(facts.settings).values}
    for app in require(facts.apps).enabled:
        found |= {f"{app.module}.{one.name}": _value(one) for one in app.settings}
    found |= {
        f"config.{one.name}": _value(one) for one in require(require(facts.settings).constance)
    }
    return found | {f"${name}": "set" for name in require(facts.settings).environment}


def _value(setting: Setting) -> str:
    return setting.value or f"{setting.type}, digest {setting.digest}"


def _migrations(facts: Facts) -> dict[str, str]:
    return dict.fromkeys(require(facts.migrations).recorded, "recorded")


def _system(facts: Facts) -> dict[str, str]:
    return {f"{one.id} {one.message}": one.level for one in require(facts.system_checks).messages}


def _storage(facts: Facts) -> dict[str, str]:
    return {
        one.setting: f"{one.path}, {'there' if one.exists else 'missing'}, "
        f"{'writable' if one.writable else 'not writable'}"
        for one in require(facts.storage).folders
    }


VIEWS: dict[str, Callable[[Facts], dict[str, str]]] = {
    "installation": _installation,
    "packages": _packages,
    "apps": _apps,
    "settings": _settings,
    "migrations": _migrations,
    "system_checks": _system,
    "storage": _storage,
}
