"""Compare the finished upgrade with the Preflight that predicted it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..checks.findings import Severity
from ..common.errors import UsageError
from ..common.files import list_newest
from ..facts import Facts, Unavailable
from ..facts.prediction import Prediction
from ..report import Report
from ..report.prediction_file import MAX_BYTES, PredictionError, read_prediction
from ..upgrade.prediction_score import score_prediction


def read_predicted(path: Path | None) -> Prediction | None:
    """Read the report of a Preflight.

    Args:
        path: The file, or a folder of which the newest ``preflight-….json`` is read. None if no
            file is named.

    Raises:
        UsageError: There is no such report.
    """
    if path is None:
        return None
    if not path.is_dir():
        return _read(path)
    found = map(_read, list_newest(path, "preflight", ".json"))
    # A Preflight after the upgrade predicts no migration.
    prediction = next((each for each in found if each.migrations), None)
    if prediction is None:
        raise UsageError(f"--predicted: {path} contains no preflight-*.json of an upgrade.")
    return prediction


def _read(path: Path) -> Prediction:
    try:
        with path.open("rb") as stream:
            return read_prediction(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise UsageError(f"--predicted: {path}: {error.strerror}.") from None
    except PredictionError as error:
        raise UsageError(f"--predicted: {path}: {error}") from None


def require_prediction_of(prediction: Prediction | None, release: str) -> None:
    """Refuse the prediction of another upgrade.

    Raises:
        UsageError: It is about another release.
    """
    if prediction and prediction.target != release:
        raise UsageError(
            f"--predicted: it is about the upgrade to Nautobot {prediction.target}, and {release} "
            "is installed."
        )


def add_score(
    report: Report, prediction: Prediction | None, facts: Facts, seconds: float | None
) -> Report:
    """Return a report of Verify Migrations with the score of a prediction.

    Args:
        report: The report.
        prediction: The prediction of the upgrade that is verified. None if there is none.
        facts: The facts of the report.
        seconds: How long the predicted migrations took, if known.
    """
    if prediction is None or isinstance(facts.migrations, Unavailable):
        return report
    problems = (
        reported.key
        for severity in (Severity.BLOCKER, Severity.WARNING)
        for reported in report.unaccepted(severity)
    )
    score = score_prediction(prediction, set(facts.migrations.recorded), seconds, problems)
    return replace(report, prediction_score=score)
