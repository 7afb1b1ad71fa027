"""The ways back side by side, and which one to take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..common.text import plural
from ..facts import Database, Preconditions, TableFingerprints, Tables, Unavailable
from ..facts.changes_since import ChangesSince
from ..facts.pinned_packages import PinnedPackages
from ..facts.reversal import Reversal
from ..migration_graph.cost_estimate import estimate
from ..migration_graph.reverse_plan import WayBack
from .backup_check import NO_BACKUP, Proof
from .diagnosis import Diagnosis, Stage
from .losses import Loss, Stop, of_removal, of_restore, of_reversal, stop_of

Kind = Literal["nothing", "forward", "reverse", "restore"]
TITLES: dict[Kind, str] = {
    "nothing": "Nothing to undo in the database",
    "forward": "Finish forward",
    "reverse": "Reverse the migrations",
    "restore": "Restore the backup",
}
SPOILS = ("comes back empty", "is spoilt", "stays")
"""Losses for which migrations are never to be reversed: the older release would run on data that it
has never had."""
RESTORED = (10e6, 80e6)
"""Bytes of the database that are restored in a second: 60 to 77 million were measured with
``pg_restore`` of a database of 1 GB with six indexes; half of that and less on slow disks."""
START = (120.0, 900.0)
"""Seconds to stop and start services, and to install packages."""


@dataclass(frozen=True)
class Situation:
    """What is known when a way back is looked for."""

    diagnosis: Diagnosis
    way: WayBack
    reversal: Reversal | Unavailable
    then: TableFingerprints | Unavailable | None
    """The tables in the state to go back to; None if it is that of today."""
    written: ChangesSince | Unavailable
    """Since that state."""
    tables: Tables | Unavailable
    database: Database | Unavailable
    ahead: Preconditions | Unavailable
    """What the migrations that are still to run demand."""
    volatile: frozenset[str] = frozenset()
    """Tables that are written to, or lose rows, without anybody's doing."""
    apps: bool = False
    """Whether Apps alone go back."""


@dataclass(frozen=True)
class Way:
    """One way back, or forward."""

    kind: Kind
    why_not: str = ""
    """Why it is no way here; empty if it is one."""
    losses: tuple[Loss, ...] = ()
    stop: Stop | None = None
    """Where it will stop, as far as is known."""
    no_return: str = ""
    """The first migration, in the order of the upgrade, that it does not take back without a stop
    or a loss that spoils; empty if there is none."""
    stays: tuple[str, ...] = ()
    """What of the schema stays as the newer release has it, and harms nobody."""
    spoils: bool = False
    """Whether the older release would find data that it has never had."""
    doubts: tuple[str, ...] = ()
    """What could fail, or is not known."""
    needs: tuple[str, ...] = ()
    """What must be true first."""
    seconds: tuple[float, float] | None = None
    """Of the window, as a range; None if nobody knows."""
    basis: str = ""

    @property
    def title(self) -> str:
        """Its name."""
        return TITLES[self.kind]

    @property
    def goes(self) -> bool:
        """Whether it leads there, as far as is known."""
        return not self.why_not and self.stop is None


@dataclass(frozen=True)
class Choice:
    """All ways, and the one that is advised, or was asked for."""

    diagnosis: Diagnosis
    ways: tuple[Way, ...]
    """The cheapest first; those that do not go here included."""
    advised: Way
    chosen: Way
    """The one that the steps are for."""
    snapshot: bool
    """Whether a snapshot says what the state to go back to was."""
    backup: Proof = NO_BACKUP
    """What speaks for the file that is said to be the backup."""
    frozen: PinnedPackages | None = None
    """The old packages; None if the steps install none of a list."""


def ways(situation: Situation) -> tuple[Way, ...]:
    """Return all ways, the cheapest first, those that do not go here included."""
    return tuple(make(situation) for make in (_nothing, _forward, _reverse, _restore))


def recommended(found: tuple[Way, ...], diagnosis: Diagnosis) -> Way:
    """Choose: the first way that goes and spoils nothing; a backup is the last resort.

    What reversing removes could not be kept by a backup either, so it is taken first where nothing
    else is lost. Finishing forward is advised where nothing but steps after ``migrate`` failed, and
    something does not work for that.
    """
    by_kind = {one.kind: one for one in found}
    if by_kind["nothing"].goes:
        return by_kind["nothing"]
    if by_kind["forward"].goes and diagnosis.stage is Stage.UNFINISHED and not diagnosis.works:
        return by_kind["forward"]
    reverse = by_kind["reverse"]
    if reverse.goes and not reverse.spoils and not reverse.doubts:
        return reverse
    return by_kind["restore"]


def _nothing(situation: Situation) -> Way:
    stage, story = situation.diagnosis.stage, situation.diagnosis.story
    why_not = {Stage.NOTHING: "", Stage.AHEAD: "a way only until migrate has begun"}
    why_not_here = why_not.get(stage, story[0].lower() + story[1:])
    return Way(
        "nothing",
        why_not_here,
        losses=() if why_not_here else tuple(_removed(situation)),
        needs=("the old packages, as a frozen set",),
        seconds=START,
        basis="stop, install, start",
    )


def _forward(situation: Situation) -> Way:
    stage, ahead = situation.diagnosis.stage, situation.ahead
    if stage not in (Stage.SOME, Stage.HALF, Stage.UNFINISHED):
        return Way("forward", why_not="there is nothing left to finish")
    if situation.apps and not situation.diagnosis.pending:
        return Way("forward", why_not="what is left to finish is no matter of these Apps")
    needs, doubts = ["the cause of the stop is mended"], list[str]()
    if stage is Stage.HALF:
        needs.append("what has begun is finished or taken back by hand, as Verify Migrations says")
    if isinstance(ahead, Unavailable):
        doubts.append(f"whether the rows comply with what is to come: {ahead.reason}")
    else:
        broken = [one for one in ahead.violated if one.is_blocking]
        doubts += [
            f"{one.precondition.migration} will stop at {one.precondition.table}" for one in broken
        ]
    seconds = None
    if not isinstance(ahead, Unavailable) and not isinstance(situation.tables, Unavailable):
        left = estimate(ahead, situation.tables)
        seconds = (left.low + 10, left.high + 600)
    return Way(
        "forward",
        doubts=tuple(doubts),
        needs=tuple(needs) if stage is not Stage.UNFINISHED else (),
        seconds=seconds,
        basis="the migrations that are left, and the steps after them",
    )


def _reverse(situation: Situation) -> Way:
    reversal = situation.reversal
    why_not = next(_obstacles(situation), "")
    if why_not or isinstance(reversal, Unavailable):
        return Way("reverse", why_not or f"nobody knows: {_reason(reversal)}")
    seconds = None
    if not isinstance(situation.tables, Unavailable):
        work = Preconditions(
            migrations_planned=len(reversal.migrations), operation_costs=reversal.operation_costs
        )
        cost = estimate(work, situation.tables)
        seconds = (cost.low + START[0], cost.high + START[1])
    losses = (*of_reversal(reversal, situation.then), *_removed(situation))
    stop = stop_of(reversal)
    return Way(
        "reverse",
        losses=losses,
        stop=stop,
        no_return=_no_return(reversal, losses, stop),
        stays=tuple(
            f"{one.table}: the index {one.unrenamed_index} keeps its newer name"
            for one in reversal.effects
            if one.unrenamed_index
        ),
        spoils=any(_spoils(one, situation) for one in losses),
        doubts=tuple(_doubts(reversal)),
        needs=(
            "the code that has applied them: only it knows how",
            "a backup of the upgraded state, since it may stop in the middle",
            "the old packages, as a frozen set",
        ),
        seconds=seconds,
        basis=f"{plural(len(reversal.migrations), 'migration')} and the rows that they work on",
    )


def _spoils(one: Loss, situation: Situation) -> bool:
    """Tell whether the older release would find data that it has never had.

    Where Apps alone go back, what their code has written into tables of others stays there as
    their authors have it: a backup would take everything else along.
    """
    if one.kind != "stays" or not situation.apps or one.subject == one.cause:
        return one.kind in SPOILS
    own = {key.partition(".")[0] for key in situation.way.undoes}
    return any(one.subject.startswith(f"{label}_") for label in own)


def _no_return(reversal: Reversal, losses: tuple[Loss, ...], stop: Stop | None) -> str:
    spoilt = {one.cause for one in losses if one.kind in SPOILS}
    if stop:
        spoilt.add(stop.migration)
    return next((key for key in reversed(reversal.migrations) if key in spoilt), "")


def _removed(situation: Situation) -> Iterator[Loss]:
    return of_removal(situation.then, situation.tables, situation.volatile)


def _obstacles(situation: Situation) -> Iterator[str]:
    """Yield why migrations cannot be reversed."""
    way = situation.way
    if situation.diagnosis.half:
        yield f"{situation.diagnosis.half[0]} is half applied: neither way does Django go on"
    if way.without_code:
        yield (
            f"{way.without_code[0]} and {len(way.without_code) - 1} more are not on disk: only the "
            "code that has applied a migration can undo it"
        )
    if way.unreachable:
        yield f"migrate cannot undo {way.unreachable[0]} without one that has to stay"
    if way.not_there:
        yield f"{way.not_there[0]} was applied then and is not now"
    if not way.calls:
        yield "there is nothing to undo"


def _doubts(reversal: Reversal) -> Iterator[str]:
    """Yield what nobody knows of what reversing demands."""
    for one in reversal.effects:
        for answer in one.violated_preconditions:
            if answer.unknown_reason:
                yield f"{one.migration}: not tried: {answer.unknown_reason}"
            elif answer.precondition.possibly_fixed_by and answer.precondition.kind != "cut":
                yield (
                    f"{one.migration} may stop at {answer.precondition.table}, unless code before"
                    " it changes these rows"
                )
        if one.unknown_reason:
            yield f"{one.migration}: not counted: {one.unknown_reason}"


def _restore(situation: Situation) -> Way:
    database = situation.database
    seconds = None
    if not isinstance(database, Unavailable) and not isinstance(database.size_bytes, Unavailable):
        slow, fast = RESTORED
        size = database.size_bytes
        seconds = (size / fast + START[0], size / slow + START[1])
    return Way(
        "restore",
        losses=of_restore(situation.written, situation.volatile),
        needs=(
            "a backup that is one: a whole dump, older than the first migration of the upgrade",
            "the old packages, as a frozen set",
        ),
        seconds=seconds,
        basis="the size that the database has now",
    )


def _reason(value: object) -> str:
    return value.reason if isinstance(value, Unavailable) else ""
