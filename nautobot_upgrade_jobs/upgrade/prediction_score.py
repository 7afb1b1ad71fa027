"""Compare the prediction of a Preflight with the finished upgrade."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..common.text import plural
from ..facts.prediction import Prediction, PredictionScore


def score_prediction(
    prediction: Prediction,
    applied: Collection[str],
    seconds: float | None,
    problems: Iterable[str],
) -> PredictionScore:
    """Compare a prediction with what was found after the upgrade.

    Args:
        prediction: The prediction.
        applied: The migrations that are applied now.
        seconds: How long the predicted migrations took, if known.
        problems: Keys of the blockers and warnings after the upgrade.
    """
    predicted = prediction.migrations or ()
    known = set(prediction.findings)
    return PredictionScore(
        prediction.created,
        len(predicted),
        sum(1 for key in predicted if key in applied),
        prediction.seconds,
        seconds,
        prediction.blockers,
        tuple(dict.fromkeys(key for key in problems if key not in known)),
    )


def describe_score(score: PredictionScore | None) -> str:
    """Return a score in one line. Empty if there is none."""
    if score is None:
        return ""
    parts = [f"{score.applied_migrations} of {plural(score.predicted_migrations, 'migration')}"]
    if score.seconds is not None and score.predicted_seconds is not None:
        low, high = score.predicted_seconds
        inside = "" if score.is_in_range else ", outside of the predicted range"
        parts.append(f"{score.seconds:.0f} s of {low:.0f} to {high:.0f} s{inside}")
    blockers, surprises = len(score.blockers), len(score.surprises)
    parts.append(f"{plural(blockers, 'blocker')} fixed before it or false")
    parts.append(f"{plural(surprises, 'problem')} not predicted")
    return "; ".join(parts)
