"""An error in the target is attributed to the App that caused it."""

import pytest

from nautobot_upgrade_jobs.facts import Customizations, Unavailable
from nautobot_upgrade_jobs.facts.serialization import encode
from nautobot_upgrade_jobs.probes.target import OWN_PACKAGE, app_to_blame, merge_facts

PLUGINS = ("nautobot_example", "nautobot_other", OWN_PACKAGE)


def raise_in(*modules, **variables):
    """Raise through functions of the modules, outermost first; the last one has the variables."""
    names = ", ".join(variables)
    function = None
    for module in reversed(modules):
        body = "inner()" if function else "raise ValueError('broken')"
        parameters = "" if function else f"*, {names}" if names else ""
        namespace = {"__name__": module, "inner": function}
        exec(f"def call({parameters}): {body}", namespace)
        function = namespace["call"]
    function(**variables)


def blamed(*modules, **variables):
    with pytest.raises(ValueError, match="broken") as caught:
        raise_in(*modules, **variables)
    return app_to_blame(caught.value, PLUGINS)


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        pytest.param(("django.apps", "nautobot_example.models"), "nautobot_example", id="App code"),
        pytest.param(
            ("nautobot_example", "nautobot_other.api", "django.db"),
            "nautobot_other",
            id="innermost App",
        ),
        pytest.param(
            ("nautobot_example", OWN_PACKAGE), "nautobot_example", id="own package ignored"
        ),
        pytest.param(("django.apps", "nautobot.core"), "", id="no App"),
        pytest.param(("not_enabled.models",), "", id="App that is not enabled"),
    ],
)
def test_app_to_blame_returns_app_of_innermost_frame(modules, expected):
    assert blamed(*modules) == expected


@pytest.mark.parametrize("variable", ["plugin_name", "entry", "app_config"])
def test_app_to_blame_without_app_code_returns_app_being_loaded(variable):
    assert (
        blamed("nautobot.core.apps", **{variable: "nautobot_example.Config"}) == "nautobot_example"
    )


def test_app_to_blame_loader_of_unknown_app_returns_nothing():
    assert blamed("nautobot.core.apps", plugin_name="not_enabled") == ""


JOBS, CODE = Customizations({"Job file": 1}, (), {"webhook": "no"}), Customizations({"App code": 2})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (JOBS, CODE, Customizations({"Job file": 1, "App code": 2}, (), {"webhook": "no"})),
        (JOBS, Unavailable("broken"), Unavailable("broken")),
        (Unavailable("ended"), CODE, Unavailable("ended")),
    ],
)
def test_merge_facts_requires_both_parts(one, other, expected):
    assert merge_facts(encode(one), encode(other)) == encode(expected)
