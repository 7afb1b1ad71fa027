"""Read what a Preflight has predicted from its JSON report."""

from __future__ import annotations

import json
from typing import Any

from ..facts.prediction import Prediction

MAX_BYTES = 64 * 2**20
"""Maximum size of a report. That of a large installation has a twentieth of this."""


class PredictionError(ValueError):
    """A file is not the report of a Preflight. The message gives the reason in one line."""


def read_prediction(data: bytes) -> Prediction:
    """Return the prediction of a Preflight.

    Args:
        data: The JSON report, ``preflight-….json``.

    Raises:
        PredictionError: It is no such report.
    """
    if len(data) > MAX_BYTES:
        raise PredictionError(f"The file is larger than {MAX_BYTES >> 20} MiB.")
    try:
        document = json.loads(data)
        if document["kind"] != "preflight":
            raise PredictionError("This is the report of another Job than Preflight.")
        return _parse(document)
    except PredictionError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        raise PredictionError("This is no JSON report of Preflight.") from None


def _parse(document: dict[str, Any]) -> Prediction:
    migrations, seconds = document["migrations"], document["migration_seconds"]
    findings = document["findings"]
    return Prediction(
        str(document["created"]),
        str(document["target_version"]),
        None if migrations is None else tuple(map(str, migrations)),
        None if seconds is None else (float(seconds[0]), float(seconds[1])),
        tuple(
            str(each["key"])
            for each in findings
            if each["severity"] == "blocker" and not each["accepted"]
        ),
        tuple(str(each["key"]) for each in findings),
    )
