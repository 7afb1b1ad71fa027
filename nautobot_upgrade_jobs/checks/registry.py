"""Registry of checks: every function with ``@check`` in the folder ``rules`` is a check.

The id of a check is its module and function, its inputs are the types of its parameters, and its
documentation is its docstring. There is no list to extend.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Literal, get_args

from ..facts import Data, Facts
from ..facts.rehearsal import Rehearsal
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from ..rollback.backup_check import BackupEvidence
from ..rollback.options import RollbackDecision
from ..upgrade.rehearsed import RehearsalEvidence
from .build import FROM_CHECK
from .findings import Finding, Impact, Phase
from .remediation import When
from .site_modules import SiteModule, load_site_modules

CheckFunction = Callable[..., Iterator[Finding]]
RESOLUTION_TOPICS = ("packages", "apps", "runtime")
"""The topics that resolving the package set needs."""
TRIAL_BOOT_TOPICS = ("packages", "apps", "migrations", "system_checks")
"""The topics that are also collected from the target."""
BACKUP_TOPICS = ("database", "migrations", "tables")
"""The topics with which a backup is compared."""
BOUNDARY = re.compile(r"\d+(\.\d+){0,2}")
"""A version of Nautobot that an upgrade can cross."""
CheckStage = Literal["preflight", "verify", "both", "rollback", "rehearse"]
"""The Job that runs a check. ``both`` stands for Preflight and Verify Migrations."""


class NotApplicable(Exception):
    """A check does not apply to this installation. The message is the reason."""


@dataclass(frozen=True)
class Check:
    """A pure function from facts to findings, with its documentation and defaults."""

    id: str
    title: str
    why: str
    fix: str
    function: CheckFunction
    crosses: str
    """The check applies to upgrades that cross this version. Empty means all upgrades."""
    stage: CheckStage = "preflight"
    phase: Phase | None = None
    impact: Impact | None = None
    when: When = When.NOW
    references: tuple[str, ...] = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Iterator[Finding]:
        """Run the check and yield complete findings."""
        for finding in self.function(*args, **kwargs):
            yield self.complete(finding)

    def complete(self, finding: Finding) -> Finding:
        """Add the phase, impact, time and references of the check where the finding has none.

        Raises:
            TypeError: Neither the finding nor the check states the phase or the impact.
        """
        phase, impact = finding.phase or self.phase, finding.impact or self.impact
        if phase is None or impact is None:
            raise TypeError(f"{self.id} states no phase or no impact for {finding.subject}")
        references = self.references if finding.references is FROM_CHECK else finding.references
        return replace(
            finding,
            phase=phase,
            impact=impact,
            when=finding.when or self.when,
            references=references,
        )

    @property
    def topic(self) -> str:
        """The name of the module."""
        return self.id.partition(".")[0]

    @cached_property
    def input_types(self) -> dict[str, type]:
        """Parameter names and the types of evidence they take."""
        hints = typing.get_type_hints(self.function)
        return {name: hints[name] for name in inspect.signature(self.function).parameters}

    @property
    def reads(self) -> frozenset[type]:
        """The types of all evidence that the check takes, required or optional."""
        hints = self.input_types.values()
        return frozenset(kind for hint in hints for kind in get_args(hint) or (hint,))

    @property
    def evidence_source(self) -> str:
        """The kind of evidence that the check uses: rehearsal, target, index, data or facts."""
        if TrialBoot in self.input_types.values():
            return "target"
        if {Rehearsal, RehearsalEvidence} & self.reads:
            return "rehearsal"
        if Resolution in self.input_types.values():
            return "index"
        return "data" if {Data, RollbackDecision} & set(self.input_types.values()) else "facts"


def check(  # noqa: PLR0913 - what the findings of a check have in common
    *,
    crosses: str = "",
    stage: CheckStage = "preflight",
    phase: Phase | None = None,
    impact: Impact | None = None,
    when: When = When.NOW,
    see: tuple[str, ...] = (),
) -> Callable[[CheckFunction], Check]:
    """Register a function as a check.

    Args:
        crosses: A Nautobot version. The check does not apply to upgrades that do not cross it.
        stage: The Job that runs the check.
        phase: The phase of every finding that states none.
        impact: The impact of every finding that states none.
        when: The time of the remediation of every finding that states no time.
        see: The documentation URLs of every finding that states none.

    Returns:
        A decorator for a function whose docstring is a title line, ``Why:`` and ``Fix:``.
    """
    if stage not in get_args(CheckStage):
        raise ValueError(f"stage is {stage!r}, not one of {', '.join(get_args(CheckStage))}")
    if crosses and not BOUNDARY.fullmatch(crosses):
        raise ValueError(f"crosses is {crosses!r}, not a version such as 3.2")

    def decorate(function: CheckFunction) -> Check:
        title, why, fix = _parse_docstring(function)
        module = function.__module__.rpartition(".")[2]
        return Check(
            id=f"{module}.{function.__name__}",
            title=title,
            why=why,
            fix=fix,
            function=function,
            crosses=crosses,
            stage=stage,
            phase=phase,
            impact=impact,
            when=when,
            references=see,
        )

    return decorate


@cache
def all_checks() -> tuple[Check, ...]:
    """Return every check in the folder ``rules`` and of other packages, sorted by id."""
    return tuple(sorted((*own_checks(), *_find_site_checks()), key=lambda check: check.id))


@cache
def own_checks() -> tuple[Check, ...]:
    """Return every check in the folder ``rules``, sorted by id."""
    package = f"{__package__}.rules"
    folder = importlib.import_module(package)
    checks = {
        value.id: value
        for info in pkgutil.iter_modules(folder.__path__)
        for value in vars(importlib.import_module(f"{package}.{info.name}")).values()
        if isinstance(value, Check)
    }
    return tuple(checks[check_id] for check_id in sorted(checks))


def _find_site_checks() -> Iterator[Check]:
    """Yield the checks of other packages. A package that cannot be loaded has one that crashes."""
    for site in load_site_modules():
        if site.module is None:
            yield _build_failing_check(site)
        for name, value in vars(site.module).items() if site.module else ():
            if isinstance(value, Check):
                yield replace(value, id=f"{site.name}.{name}")


def _build_failing_check(site: SiteModule) -> Check:
    def load() -> Iterator[Finding]:
        raise ImportError(site.error)

    return Check(
        id=f"{site.name}.load",
        title=f"The checks of the entry point {site.name} can be loaded.",
        why="checks that cannot be loaded answer nothing.",
        fix="correct the package, or uninstall it.",
        function=load,
        crosses="",
        stage="both",
    )


def checks_for_stage(stage: CheckStage) -> tuple[Check, ...]:
    """Return the checks for one stage: preflight, verify, rollback or rehearse."""
    stages = {stage, "both"} if stage in ("preflight", "verify") else {stage}
    return tuple(check for check in all_checks() if check.stage in stages)


def required_topics(checks: Iterable[Check]) -> tuple[str, ...]:
    """Return the topics that the checks read, in the order of collection."""
    read = {kind for check in checks for kind in check.reads}
    topics = {topic for topic in Facts.topics() if Facts.type_of(topic) in read}
    if Resolution in read:
        topics.update(RESOLUTION_TOPICS)
    if TrialBoot in read:
        topics.update(TRIAL_BOOT_TOPICS)
    if BackupEvidence in read:
        topics.update(BACKUP_TOPICS)
    return tuple(topic for topic in Facts.topics() if topic in topics)


def _parse_docstring(function: CheckFunction) -> tuple[str, str, str]:
    text = inspect.getdoc(function) or ""
    title, _, rest = text.partition("\n")
    why, _, fix = rest.partition("Fix:")
    _, _, why = why.partition("Why:")
    if not (title and why.strip() and fix.strip()):
        raise TypeError(f"{function.__qualname__}: a check's docstring is a title, Why: and Fix:")
    return title.strip(), " ".join(why.split()), " ".join(fix.split())
