"""Find attributes that Jinja templates use and that the models do not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.template import engines
from jinja2 import nodes

from ...facts.customizations import Defect, DefectCode

QUERYSET_METHODS = frozenset({"all", "filter", "exclude", "order_by", "distinct", "select_related"})
"""Methods of a manager or queryset that return objects of the same model."""
ASSIGNMENT_NODES = (nodes.Assign, nodes.AssignBlock, nodes.CallBlock, nodes.Macro, nodes.With)
"""Statements that assign names. A loop also assigns names, but only within the loop."""


@dataclass(frozen=True)
class TemplateObject:
    """The value of an expression: one object or many objects of a model."""

    model: type[Model]
    many: bool = False

    @property
    def label(self) -> str:
        """The name of the model."""
        return str(self.model._meta.label)

    def has(self, name: str) -> bool:
        """Return whether the object has an attribute."""
        return _has_attribute(self.model, name)

    def names(self) -> set[str]:
        """Return the names of the attributes."""
        return _list_attribute_names(self.model)

    def related(self, name: str) -> TemplateObject | None:
        """Return the objects that an attribute refers to. None if unknown."""
        return _resolve_relation(self.model, name)


@dataclass(frozen=True)
class PayloadObject:
    """The value of an expression: an object as the REST API serializes it."""

    serializer: Any
    label: str
    many: bool = False

    def has(self, name: str) -> bool:
        """Return whether the serialized object has a key, or a dictionary has such a method."""
        return name in self.serializer.fields or hasattr(dict, name)

    def names(self) -> set[str]:
        """Return the keys."""
        return set(self.serializer.fields)

    def related(self, name: str) -> PayloadObject | None:
        """Return the serialized object of a key. None if unknown."""
        field = self.serializer.fields.get(name)
        return PayloadObject(field, f"{self.label}.{name}") if hasattr(field, "fields") else None


TemplateValue = TemplateObject | PayloadObject


def find_template_problems(text: str, scope: Mapping[str, TemplateValue]) -> list[Defect]:
    """Return the attributes that a template uses and that the models do not have, each once.

    Args:
        text: The template. It is compiled and never rendered.
        scope: The objects of known names. A name outside the scope can hold anything.

    Raises:
        jinja2.TemplateSyntaxError: The template does not compile. Its syntax is wrong, or a filter
            does not exist.
    """
    environment = engines["jinja"].env
    environment.compile(text)
    tree = environment.parse(text)
    # A name that the template assigns may hold anything.
    assigned = {
        name for node in tree.find_all(ASSIGNMENT_NODES) for name in _get_assigned_names(node)
    }
    known = {name: value for name, value in scope.items() if name not in assigned}
    return list(dict.fromkeys(_find_missing_attributes(tree, known)))


def closest_name(name: str, existing: Iterable[str]) -> str:
    """Return the existing name that is most similar to a name. Empty if none is similar."""
    return next(iter(get_close_matches(name, list(existing), 1, cutoff=0.75)), "")


def _find_missing_attributes(
    node: nodes.Node, scope: Mapping[str, TemplateValue]
) -> Iterator[Defect]:
    if isinstance(node, nodes.For):
        yield from _find_missing_in_loop(node, scope)
        return
    if isinstance(node, (nodes.Getattr, nodes.Getitem)) and (name := _get_attribute_name(node)):
        owner = _resolve_object(node.node, scope)
        if owner and not owner.many and not owner.has(name):
            yield Defect(
                DefectCode.MISSING_ATTRIBUTE,
                name,
                owner.label,
                node.lineno,
                suggestion=closest_name(name, owner.names()),
            )
    guarded = list(_find_guarded_nodes(node))
    for child in node.iter_child_nodes():
        if child not in guarded:
            yield from _find_missing_attributes(child, scope)


def _find_missing_in_loop(loop: nodes.For, scope: Mapping[str, TemplateValue]) -> Iterator[Defect]:
    yield from _find_missing_attributes(loop.iter, scope)
    objects = _resolve_object(loop.iter, scope)
    targets = _get_assigned_names(loop.target)
    inner = {name: value for name, value in scope.items() if name not in targets}
    if objects and objects.many and isinstance(loop.target, nodes.Name):
        inner[loop.target.name] = replace(objects, many=False)
    for child in (*loop.body, *loop.else_, *([loop.test] if loop.test else ())):
        yield from _find_missing_attributes(child, inner)


def _find_guarded_nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the child nodes in which an attribute may be missing, such as the test of an ``if``."""
    if isinstance(node, (nodes.If, nodes.CondExpr)):
        yield node.test
    elif isinstance(node, nodes.Or):
        yield from (node.left, node.right)
    elif isinstance(node, nodes.Filter) and node.name in ("default", "d"):
        if node.node is not None:
            yield node.node
    elif isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
        yield node.node


def _get_assigned_names(node: nodes.Node) -> set[str]:
    names = {name.name for name in node.find_all(nodes.Name) if name.ctx in ("store", "param")}
    return names | ({node.name} if isinstance(node, nodes.Name) else set())


def _get_attribute_name(node: nodes.Getattr | nodes.Getitem) -> str:
    if isinstance(node, nodes.Getattr):
        return str(node.attr)
    key = node.arg
    return key.value if isinstance(key, nodes.Const) and isinstance(key.value, str) else ""


def _resolve_object(node: nodes.Node, scope: Mapping[str, TemplateValue]) -> TemplateValue | None:
    """Return the value of an expression. None if unknown."""
    if isinstance(node, nodes.Name):
        return scope.get(node.name)
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        owner = _resolve_object(node.node.node, scope)
        return owner if owner and owner.many and node.node.attr in QUERYSET_METHODS else None
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        owner = _resolve_object(node.node, scope)
        return owner.related(_get_attribute_name(node)) if owner and not owner.many else None
    return None


def _resolve_relation(model: type[Model], name: str) -> TemplateObject | None:
    accessors = {
        relation.get_accessor_name(): relation
        for relation in model._meta.related_objects
        if not relation.hidden
    }
    try:
        field = accessors.get(name) or model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    related = field.related_model
    if not isinstance(related, type):
        return None  # A generic relation can refer to any model.
    return TemplateObject(related, bool(field.one_to_many or field.many_to_many))


def _has_attribute(model: type[Model], name: str) -> bool:
    return hasattr(model, name) or name in _list_attribute_names(model)


def _list_attribute_names(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.get_fields() if field.concrete} | set(dir(model))
