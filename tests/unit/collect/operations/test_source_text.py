"""Model names are found in the source text of migrations."""

import pytest

from nautobot_upgrade_jobs.collect.operations.source_text import (
    find_imports,
    find_referenced_models,
    finds_any_model,
    mentions,
    strip_comments,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("thing = 1", True, id="name"),
        pytest.param("get_model('example', 'Thing')", True, id="argument"),
        pytest.param("words = 'a thing'", True, id="string"),
        pytest.param(
            "    def method(self):\n        return self.thing", True, id="attribute, indented"
        ),
        pytest.param("other = 1  # the right thing", False, id="comment"),
        pytest.param('def other():\n    """Do the right thing."""', False, id="docstring"),
        pytest.param("something = 1", False, id="part of a word"),
        pytest.param("no code, and a thing", True, id="not parseable"),
    ],
)
def test_mentions_stripped_source_finds_whole_words(text, expected):
    assert mentions(strip_comments(text), "thing") is expected


@pytest.mark.parametrize(
    ("source", "words", "expected"),
    [
        pytest.param(None, ["thing"], True, id="unknown source may mention anything"),
        pytest.param("", ["thing"], False, id="no code"),
        pytest.param("x = Thing", ["", "THING"], True, id="any word, in any case"),
        pytest.param("x = a.b", ["a.c"], False, id="dots are literal"),
    ],
)
def test_mentions_unknown_source_is_assumed(source, words, expected):
    assert mentions(source, *words) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("get_model('dcim', 'Cable')", [("dcim", "cable")], id="two arguments"),
        pytest.param('get_model( "dcim.Cable" )', [("dcim", "cable")], id="one argument"),
        pytest.param(
            "get_model('a', 'B')\nget_model('c', 'D')\nget_model('a', 'B')",
            [("a", "b"), ("c", "d")],
            id="each once",
        ),
        pytest.param("get_model(app, 'Cable')", [], id="variable"),
        pytest.param(None, [], id="unknown source"),
    ],
)
def test_find_referenced_models_returns_literal_lookups(source, expected):
    assert list(find_referenced_models(source)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("apps.get_models()", True),
        ("content_type.model_class()", True),
        ("model_class = apps.get_model('example', 'Thing')", False),
        ("apps.get_model('example', name)", False),  # a constant of the code names the model
        ("apps.get_model('example', f'{name}')", True),
        ("apps.get_model('example.Thing')", False),
        ("apps.all_models['example'].values()", True),
    ],
)
def test_finds_any_model_needs_a_call_that_names_none(source, expected):
    assert finds_any_model(source) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    from a.b import c, d as e", [("a.b", "c"), ("a.b", "d")]),
        ("def f():\n    from ..tools import fix", [("..tools", "fix")]),
        ("    def method(self):\n        from a import b", [("a", "b")]),
        ("def f():\n    import a.b", [("a.b", "")]),
        ("def f():\n    pass", []),
    ],
)
def test_find_imports_lists_names_imported_inside_a_function(source, expected):
    assert list(find_imports(source)) == expected
