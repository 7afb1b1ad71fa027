"""The folder is the registry: every function decorated with ``@check`` in it is a check.

A check's id is its module and function, what it needs are the types of its parameters, and its
documentation is its docstring. There is no list to extend.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from ..facts import Data, Facts
from ..facts.booted import Booted
from ..facts.resolution import Resolution
from ..rollback.options import Choice
from .findings import Finding

CheckFunction = Callable[..., Iterator[Finding]]
RESOLVED_FROM = ("packages", "apps", "runtime")
"""The topics that the package index is asked about."""
BOOTED_FROM = ("packages", "apps", "migrations", "system")
"""The topics that are also collected of the target."""
When = Literal["before", "after", "always", "back"]
"""Whether a check is about an upgrade to come, about one that was done, or both; or about the way
back from it."""


class NotApplicable(Exception):
    """A check has nothing to judge on this installation; the message says why."""


@dataclass(frozen=True)
class Check:
    """A pure function from facts to findings, with what it says of itself."""

    id: str
    title: str
    why: str
    fix: str
    function: CheckFunction
    crosses: str
    """The check speaks only when the upgrade passes this version; empty means always."""
    when: When = "before"

    def __call__(self, *args: Any, **kwargs: Any) -> Iterator[Finding]:
        """Run the function itself, so that tests read like calls of it."""
        return self.function(*args, **kwargs)

    @property
    def topic(self) -> str:
        """The module's name."""
        return self.id.partition(".")[0]

    @property
    def needs(self) -> dict[str, type]:
        """Parameter names with the types of the facts they ask for."""
        hints = typing.get_type_hints(self.function)
        return {name: hints[name] for name in inspect.signature(self.function).parameters}

    @property
    def engine(self) -> str:
        """What the check's results rest on."""
        if Booted in self.needs.values():
            return "target"
        if Resolution in self.needs.values():
            return "index"
        return "data" if {Data, Choice} & set(self.needs.values()) else "facts"


def check(*, crosses: str = "", when: When = "before") -> Callable[[CheckFunction], Check]:
    """Make a check of a function.

    Args:
        crosses: A Nautobot version; the check is not applicable to upgrades that do not pass it.
        when: Whether Preflight runs it (``before``), Verify Migrations (``after``), both
            (``always``), or the Rollback Planner (``back``).

    Returns:
        A decorator. The function's docstring is a title line, then ``Why:`` and ``Fix:``.
    """

    def decorate(function: CheckFunction) -> Check:
        title, why, fix = _parse_docstring(function)
        module = function.__module__.rpartition(".")[2]
        return Check(f"{module}.{function.__name__}", title, why, fix, function, crosses, when)

    return decorate


@cache
def all_checks() -> tuple[Check, ...]:
    """Return every check in this folder, by id."""
    package = f"{__package__}.rules"
    folder = importlib.import_module(package)
    found = {
        value.id: value
        for info in pkgutil.iter_modules(folder.__path__)
        for value in vars(importlib.import_module(f"{package}.{info.name}")).values()
        if isinstance(value, Check)
    }
    return tuple(found[id_] for id_ in sorted(found))


def checks_for(when: When) -> tuple[Check, ...]:
    """Return the checks that are about an upgrade to come, or one that was done, or its undoing."""
    also = () if when == "back" else ("always",)
    return tuple(one for one in all_checks() if one.when in (when, *also))


def needed_topics(checks: Iterable[Check]) -> tuple[str, ...]:
    """Return the topics that these checks read, in the order they are collected and shown."""
    needed = {name for one in checks for name in one.needs}
    if "resolution" in needed:
        needed.update(RESOLVED_FROM)
    if "booted" in needed:
        needed.update(BOOTED_FROM)
    return tuple(topic for topic in Facts.topics() if topic in needed)


def _parse_docstring(function: CheckFunction) -> tuple[str, str, str]:
    text = inspect.getdoc(function) or ""
    title, _, rest = text.partition("\n")
    why, _, fix = rest.partition("Fix:")
    _, _, why = why.partition("Why:")
    if not (title and why.strip() and fix.strip()):
        raise TypeError(f"{function.__qualname__}: a check's docstring is a title, Why: and Fix:")
    return title.strip(), " ".join(why.split()), " ".join(fix.split())
