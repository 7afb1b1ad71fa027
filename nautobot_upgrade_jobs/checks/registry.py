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
from typing import Any, Literal, get_args

from ..facts import Data, Facts
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from ..rollback.options import Choice
from .findings import Finding

CheckFunction = Callable[..., Iterator[Finding]]
RESOLUTION_TOPICS = ("packages", "apps", "runtime")
"""The topics that the package index is asked about."""
TRIAL_BOOT_TOPICS = ("packages", "apps", "migrations", "system_checks")
"""The topics that are also collected of the target."""
CheckStage = Literal["preflight", "verify", "both", "rollback"]
"""Which Job runs a check: Preflight, Verify Migrations, both of them, or the Rollback Planner."""


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
    stage: CheckStage = "preflight"

    def __call__(self, *args: Any, **kwargs: Any) -> Iterator[Finding]:
        """Run the function itself, so that tests read like calls of it."""
        return self.function(*args, **kwargs)

    @property
    def topic(self) -> str:
        """The module's name."""
        return self.id.partition(".")[0]

    @property
    def input_types(self) -> dict[str, type]:
        """Parameter names with the types of the facts they ask for."""
        hints = typing.get_type_hints(self.function)
        return {name: hints[name] for name in inspect.signature(self.function).parameters}

    @property
    def reads(self) -> frozenset[type]:
        """The types of all evidence that the check takes, with or without."""
        hints = self.input_types.values()
        return frozenset(kind for hint in hints for kind in get_args(hint) or (hint,))

    @property
    def evidence_source(self) -> str:
        """What the check's results rest on."""
        if TrialBoot in self.input_types.values():
            return "target"
        if Resolution in self.input_types.values():
            return "index"
        return "data" if {Data, Choice} & set(self.input_types.values()) else "facts"


def check(
    *, crosses: str = "", stage: CheckStage = "preflight"
) -> Callable[[CheckFunction], Check]:
    """Register a function as a check.

    Args:
        crosses: A Nautobot version; the check is not applicable to upgrades that do not pass it.
        stage: The Job that runs the check.

    Returns:
        A decorator. The function's docstring is a title line, then ``Why:`` and ``Fix:``.
    """

    def decorate(function: CheckFunction) -> Check:
        title, why, fix = _parse_docstring(function)
        module = function.__module__.rpartition(".")[2]
        return Check(f"{module}.{function.__name__}", title, why, fix, function, crosses, stage)

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


def checks_for_stage(stage: CheckStage) -> tuple[Check, ...]:
    """Return the checks for one stage: preflight, verify or rollback."""
    stages = {stage} if stage == "rollback" else {stage, "both"}
    return tuple(one for one in all_checks() if one.stage in stages)


def required_topics(checks: Iterable[Check]) -> tuple[str, ...]:
    """Return the topics that these checks read, in the order they are collected and shown."""
    read = {kind for one in checks for kind in one.reads}
    topics = {topic for topic in Facts.topics() if Facts.type_of(topic) in read}
    if Resolution in read:
        topics.update(RESOLUTION_TOPICS)
    if TrialBoot in read:
        topics.update(TRIAL_BOOT_TOPICS)
    return tuple(topic for topic in Facts.topics() if topic in topics)


def _parse_docstring(function: CheckFunction) -> tuple[str, str, str]:
    text = inspect.getdoc(function) or ""
    title, _, rest = text.partition("\n")
    why, _, fix = rest.partition("Fix:")
    _, _, why = why.partition("Why:")
    if not (title and why.strip() and fix.strip()):
        raise TypeError(f"{function.__qualname__}: a check's docstring is a title, Why: and Fix:")
    return title.strip(), " ".join(why.split()), " ".join(fix.split())
