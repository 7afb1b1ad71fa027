"""What a Preflight has predicted, and how the upgrade has ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """The prediction of a Preflight, as its report contains it."""

    created: str
    """ISO 8601, UTC."""
    target: str
    """The release to which it predicts the upgrade."""
    migrations: tuple[str, ...] | None
    """The migrations that the upgrade applies. None if unknown."""
    seconds: tuple[float, float] | None
    """Lower and upper bound of the duration of these migrations. None if unknown."""
    blockers: tuple[str, ...]
    """Keys of the findings that stop the upgrade, without the accepted ones."""
    findings: tuple[str, ...]
    """Keys of all findings."""


@dataclass(frozen=True)
class PredictionScore:
    """The comparison of a prediction with the finished upgrade."""

    created: str
    """Time of the prediction, ISO 8601, UTC."""
    predicted_migrations: int
    applied_migrations: int
    """How many of the predicted migrations are applied."""
    predicted_seconds: tuple[float, float] | None
    seconds: float | None
    """How long the predicted migrations took. None if unknown."""
    blockers: tuple[str, ...]
    """Keys of blockers, although the upgrade has finished: fixed before it, or false."""
    surprises: tuple[str, ...]
    """Keys of problems that were found after the upgrade, and that were not predicted."""

    @property
    def is_in_range(self) -> bool | None:
        """Whether the duration was in the predicted range. None if one of them is unknown."""
        if self.seconds is None or self.predicted_seconds is None:
            return None
        low, high = self.predicted_seconds
        return low <= self.seconds <= high
