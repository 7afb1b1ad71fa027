"""A score says what was predicted, what happened, and what was not foreseen."""

import pytest

from nautobot_upgrade_jobs.facts.prediction import Prediction
from nautobot_upgrade_jobs.upgrade.prediction_score import describe_score, score_prediction

PREDICTION = Prediction(
    created="2026-11-26T02:10:00+00:00",
    target="3.2.7",
    migrations=("extras.0130_counts", "dcim.0090_remove"),
    seconds=(40.0, 60.0),
    blockers=(),
    findings=("rehearsed.outcome:rehearsal",),
)
APPLIED = {"dcim.0001_initial", "extras.0130_counts", "dcim.0090_remove"}


def score(seconds=50.0, applied=APPLIED, problems=(), **changes):
    prediction = Prediction(**{**vars(PREDICTION), **changes})
    return score_prediction(prediction, applied, seconds, problems)


def test_score_of_a_right_prediction():
    found = score()
    assert (found.applied_migrations, found.predicted_migrations) == (2, 2)
    assert found.is_in_range is True
    assert describe_score(found) == (
        "2 of 2 migrations; 50 s of 40 to 60 s; 0 blockers fixed before it or false; "
        "0 problems not predicted"
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"seconds": 61.0}, "outside of the predicted range", id="too long"),
        pytest.param({"seconds": 39.0}, "outside of the predicted range", id="too short"),
        pytest.param({"applied": {"dcim.0090_remove"}}, "1 of 2 migrations", id="one is missing"),
        pytest.param({"blockers": ("a:b",)}, "1 blocker fixed before it or false", id="blocker"),
        pytest.param({"problems": ["schema.drift:a"]}, "1 problem not predicted", id="surprise"),
        pytest.param({"migrations": None}, "0 of 0 migrations", id="unknown migrations"),
    ],
)
def test_score_of_a_wrong_prediction(changes, says):
    assert says in describe_score(score(**changes))


@pytest.mark.parametrize("end", [40.0, 60.0])
def test_score_includes_the_bounds(end):
    assert score(end).is_in_range is True


@pytest.mark.parametrize(
    ("seconds", "changes"),
    [
        pytest.param(None, {}, id="duration unknown"),
        pytest.param(50.0, {"seconds": None}, id="nothing predicted"),
    ],
)
def test_score_without_a_duration_compares_none(seconds, changes):
    found = score_prediction(Prediction(**{**vars(PREDICTION), **changes}), APPLIED, seconds, ())
    assert found.is_in_range is None
    assert " s of " not in describe_score(found)


def test_problem_that_was_predicted_is_no_surprise():
    problems = ["rehearsed.outcome:rehearsal", "schema.drift:a", "schema.drift:a"]
    assert score(problems=problems).surprises == ("schema.drift:a",)


def test_describe_score_without_a_prediction_is_empty():
    assert describe_score(None) == ""
