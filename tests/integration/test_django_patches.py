"""The code that ``collect/db/django_patches.py`` replaces still has the expected form."""

import inspect
from threading import Event, Thread

import pytest
from constance import config
from constance.base import Config
from django.contrib.contenttypes.models import ContentTypeManager
from django.core.cache import cache
from django.db import connections, models
from django.db.migrations import state
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models.sql.compiler import SQLCompiler
from django.utils.functional import empty
from nautobot.core.management.commands import custom_deconstruct

from nautobot_upgrade_jobs.collect.db.constance_backend import ReadOnlyBackend
from nautobot_upgrade_jobs.collect.db.django_patches import (
    skip_unused_reference_search,
    use_constance_backend,
    use_memory_cache,
    use_nautobot_deconstruct,
)


@pytest.mark.parametrize(
    ("get_attribute", "parameters"),
    [
        pytest.param(
            lambda: SQLCompiler.get_default_columns,
            ["self", "select_mask", "start_alias", "opts", "from_parent"],
            id="SQLCompiler.get_default_columns",
        ),
        pytest.param(
            lambda: ContentTypeManager.get_or_create,
            ["self", "defaults", "kwargs"],
            id="ContentTypeManager.get_or_create",
        ),
        pytest.param(
            lambda: state.field_is_referenced,  # type: ignore[attr-defined]
            ["state", "model_tuple", "field_tuple"],
            id="state.field_is_referenced",
        ),
        pytest.param(lambda: custom_deconstruct, ["field"], id="custom_deconstruct"),
        pytest.param(lambda: config._backend.set, ["key", "value"], id="constance backend.set"),
        pytest.param(
            lambda: connections.create_connection, ["alias"], id="connections.create_connection"
        ),
        pytest.param(
            lambda: connections["default"].init_connection_state,
            [],
            id="connection.init_connection_state",
        ),
    ],
)
def test_replaced_attribute_has_the_expected_parameters(get_attribute, parameters):
    assert list(inspect.signature(get_attribute()).parameters) == parameters


def test_field_deconstruct_takes_the_field_alone():
    """Nautobot's own commands replace it for the whole process, once they are loaded."""
    assert len(inspect.signature(models.Field.deconstruct).parameters) == 1


@pytest.mark.parametrize(
    ("caller", "callee"),
    [
        pytest.param(
            ContentTypeManager.get_for_model, "self.get_or_create(", id="missing content type"
        ),
        pytest.param(
            type(connections["default"]).connect, "self.init_connection_state()", id="connect"
        ),
        pytest.param(type(connections).__getitem__, "self.create_connection(", id="new connection"),
        pytest.param(
            ProjectState.alter_field,
            "not field_is_referenced(\n            self, model_key, (name, field)\n        )\n"
            "        self.reload_model(",
            id="search for references",
        ),
        pytest.param(
            ProjectState.reload_model, 'if "apps" in self.__dict__:', id="models are rendered"
        ),
    ],
)
def test_replaced_method_is_still_called_by_django(caller, callee):
    assert callee in inspect.getsource(inspect.unwrap(caller))


def test_use_nautobot_deconstruct_after_the_block_restores_the_method_before_it():
    before = models.Field.deconstruct
    field = models.CharField(max_length=10, help_text="ignored by Nautobot")
    with use_nautobot_deconstruct():
        assert "help_text" not in field.deconstruct()[3]
    assert models.Field.deconstruct is before


def describe_models(project):
    return {
        key: [(name, *map(str, field.deconstruct()[1:])) for name, field in model.fields.items()]
        for key, model in project.models.items()
    }


def test_skip_unused_reference_search_leaves_the_same_state():
    loader = MigrationLoader(connections["default"])
    expected = loader.project_state()
    with skip_unused_reference_search():
        found = loader.project_state()
        assert describe_models(found) == describe_models(expected)
        primary_key = ("id", models.UUIDField(primary_key=True))
        assert not state.field_is_referenced(found, ("dcim", "location"), primary_key)  # type: ignore[attr-defined]
        _ = found.apps
        assert state.field_is_referenced(found, ("dcim", "location"), primary_key)  # type: ignore[attr-defined]


def test_use_memory_cache_replaces_the_cache_of_this_thread_only():
    seen = []
    cache.set("planted", "configured", 60)
    try:
        with use_memory_cache():
            assert cache.get("planted") is None
            cache.set("planted", "in memory")
            other = Thread(target=lambda: seen.append(cache.get("planted")))
            other.start()
            other.join()
        assert (seen, cache.get("planted")) == (["configured"], "configured")
    finally:
        cache.delete("planted")


class Recorder(ReadOnlyBackend):
    """A backend with one setting."""

    _values = {"BANNER_TOP": "of the session"}  # noqa: RUF012


@pytest.mark.parametrize("is_set_up", [True, False])
def test_use_constance_backend_in_this_thread_only(is_set_up, monkeypatch):
    monkeypatch.setitem(config.__dict__, "_wrapped", Config() if is_set_up else empty)
    configured, elsewhere = config._wrapped, []
    with use_constance_backend(Recorder()):
        assert config.BANNER_TOP == "of the session"
        assert dir(config)
        other = Thread(target=lambda: elsewhere.append(type(config._backend)))
        other.start()
        other.join()
    assert elsewhere == [type(config._backend)]
    assert (config._wrapped is configured) is is_set_up
    assert type(config._backend) is not Recorder


def test_use_constance_backend_of_sessions_that_overlap_is_restored():
    before, entered, leave = config._backend, Event(), Event()

    def hold_a_session():
        with use_constance_backend(Recorder()):
            entered.set()
            leave.wait(9)

    other = Thread(target=hold_a_session)
    with use_constance_backend(ReadOnlyBackend()):
        other.start()
        assert entered.wait(9)
    assert config._backend is before
    leave.set()
    other.join()
    assert config._backend is before
    assert type(config._wrapped) is Config
