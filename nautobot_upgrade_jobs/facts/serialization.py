"""Convert facts to JSON and back, according to the annotations of the dataclasses."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union

from ..common.text import escape_surrogates
from .base import Unavailable

T = TypeVar("T")
Json = Any
MAX_REASON_LENGTH = 4000
"""Maximum number of characters. Each check that a reason concerns quotes it."""


class FactsFormatError(ValueError):
    """A document does not match the facts type."""


def encode(value: Any) -> Json:
    """Convert facts to plain JSON types.

    Args:
        value: A facts dataclass, or a value of its fields.

    Returns:
        Only dicts, lists, strings, numbers, booleans and None.
    """
    if isinstance(value, Unavailable):
        return {"unavailable": value.reason}
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {escape_surrogates(str(key)): encode(item) for key, item in value.items()}
    return escape_surrogates(value) if isinstance(value, str) else value


def decode(kind: type[T], document: Json) -> T:
    """Build facts from a JSON document.

    Args:
        kind: The dataclass to build.
        document: The result of ``encode``.

    Returns:
        An instance of ``kind`` that is equal to the encoded instance.

    Raises:
        FactsFormatError: A field is missing, unknown or of the wrong type. The message names it.
    """
    result: T = _decode(kind, document, kind.__name__)
    return result


def _decode(kind: Any, document: Json, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(typing.get_args(kind), document, where)
    if origin is typing.Literal:
        return _expect_choice(typing.get_args(kind), document, where)
    if origin is tuple:
        return tuple(
            _decode(typing.get_args(kind)[0], item, f"{where}[{index}]")
            for index, item in enumerate(_expect(document, list, where))
        )
    if origin is dict:
        item_kind = typing.get_args(kind)[1]
        return {
            _expect(key, str, where): _decode(item_kind, item, f"{where}.{key}")
            for key, item in _expect(document, dict, where).items()
        }
    if is_dataclass(kind):
        return _decode_dataclass(kind, document, where)
    if issubclass(kind, Enum):
        return kind(_expect_choice(tuple(member.value for member in kind), document, where))
    return _expect(document, kind, where)


def _expect_choice(choices: tuple[Any, ...], document: Json, where: str) -> Any:
    if document not in choices:
        raise FactsFormatError(f"{where}: one of {', '.join(choices)} expected")
    return document


def _decode_union(kinds: tuple[Any, ...], document: Json, where: str) -> Any:
    if document is None and type(None) in kinds:
        return None
    if isinstance(document, dict) and set(document) == {"unavailable"} and Unavailable in kinds:
        return Unavailable(_expect(document["unavailable"], str, where)[:MAX_REASON_LENGTH])
    (kind,) = [kind for kind in kinds if kind not in (type(None), Unavailable)]
    return _decode(kind, document, where)


def _decode_dataclass(kind: Any, document: Json, where: str) -> Any:
    _expect(document, dict, where)
    hints = _resolve_type_hints(kind)
    if set(document) != set(hints):
        wrong = ", ".join(sorted(set(document) ^ set(hints)))
        raise FactsFormatError(f"{where}: missing or unknown: {wrong}")
    return kind(
        **{name: _decode(hint, document[name], f"{where}.{name}") for name, hint in hints.items()}
    )


@cache
def _resolve_type_hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _expect(document: Json, kind: type, where: str) -> Any:
    if not isinstance(document, kind) or (kind is int and isinstance(document, bool)):
        raise FactsFormatError(f"{where}: {kind.__name__} expected, not {type(document).__name__}")
    if isinstance(document, str) and document != escape_surrogates(document):
        raise FactsFormatError(f"{where}: text that is not Unicode")
    return document
