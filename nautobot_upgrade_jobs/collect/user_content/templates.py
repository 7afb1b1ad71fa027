"""Attributes that a Jinja template asks of objects, and that their models do not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.template import engines
from jinja2 import nodes

HINT = "; did you mean "
QUERYSET_METHODS = frozenset({"all", "filter", "exclude", "order_by", "distinct", "select_related"})
"""Methods of a manager or a queryset that give objects of the same model."""
ASSIGNMENT_NODES = (nodes.Assign, nodes.AssignBlock, nodes.CallBlock, nodes.Macro, nodes.With)
"""What gives a name another meaning; loops do so too, but only inside."""


@dataclass(frozen=True)
class TemplateObject:
    """What an expression stands for: an object of a model, or many of them."""

    model: type[Model]
    many: bool = False


def find_template_problems(text: str, scope: Mapping[str, TemplateObject]) -> list[str]:
    """Return what keeps a template from working.

    Args:
        text: The template; it is compiled, and never rendered.
        scope: What its names stand for. Names that are not in it can be anything.

    Returns:
        Attributes that the models do not have, each once.

    Raises:
        jinja2.TemplateSyntaxError: It does not compile: its syntax, or a filter that is not there.
    """
    environment = engines["jinja"].env
    environment.compile(text)
    tree = environment.parse(text)
    # A name that is set anew somewhere may stand for anything.
    anew = {name for one in tree.find_all(ASSIGNMENT_NODES) for name in _get_assigned_names(one)}
    known = {name: one for name, one in scope.items() if name not in anew}
    return list(dict.fromkeys(_find_missing_attributes(tree, known)))


def _find_missing_attributes(
    node: nodes.Node, scope: Mapping[str, TemplateObject]
) -> Iterator[str]:
    if isinstance(node, nodes.For):
        yield from _find_missing_attributes(node.iter, scope)
        looped = _resolve_object(node.iter, scope)
        inner = {
            name: one for name, one in scope.items() if name not in _get_assigned_names(node.target)
        }
        if looped and looped.many and isinstance(node.target, nodes.Name):
            inner[node.target.name] = TemplateObject(looped.model)
        for child in (*node.body, *node.else_, *([node.test] if node.test else ())):
            yield from _find_missing_attributes(child, inner)
        return
    if isinstance(node, (nodes.Getattr, nodes.Getitem)) and (name := _get_attribute_name(node)):
        owner = _resolve_object(node.node, scope)
        if owner and not owner.many and not _has_attribute(owner.model, name):
            near = get_close_matches(name, _list_attribute_names(owner.model), 1)
            hint = f"{HINT}{near[0]}?" if near else ""
            yield f"line {node.lineno}: {owner.model._meta.label} has no {name}{hint}"
    guarded = list(_find_guarded_nodes(node))
    for child in node.iter_child_nodes():
        if child not in guarded:
            yield from _find_missing_attributes(child, scope)


def _find_guarded_nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the parts in which an attribute may be missing: the author has seen to it."""
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
    names = {one.name for one in node.find_all(nodes.Name) if one.ctx in ("store", "param")}
    return names | ({node.name} if isinstance(node, nodes.Name) else set())


def _get_attribute_name(node: nodes.Getattr | nodes.Getitem) -> str:
    if isinstance(node, nodes.Getattr):
        return str(node.attr)
    key = node.arg
    return key.value if isinstance(key, nodes.Const) and isinstance(key.value, str) else ""


def _resolve_object(node: nodes.Node, scope: Mapping[str, TemplateObject]) -> TemplateObject | None:
    """Return what an expression stands for; None if nobody knows."""
    if isinstance(node, nodes.Name):
        return scope.get(node.name)
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        owner = _resolve_object(node.node.node, scope)
        return owner if owner and owner.many and node.node.attr in QUERYSET_METHODS else None
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        owner = _resolve_object(node.node, scope)
        return (
            _resolve_relation(owner.model, _get_attribute_name(node))
            if owner and not owner.many
            else None
        )
    return None


def _resolve_relation(model: type[Model], name: str) -> TemplateObject | None:
    accessors = {
        one.get_accessor_name(): one for one in model._meta.related_objects if not one.hidden
    }
    try:
        field = accessors.get(name) or model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    related = field.related_model
    if not isinstance(related, type):
        return None  # a generic relation's other end can be anything
    return TemplateObject(related, bool(field.one_to_many or field.many_to_many))


def _has_attribute(model: type[Model], name: str) -> bool:
    return hasattr(model, name) or name in _list_attribute_names(model)


def _list_attribute_names(model: type[Model]) -> set[str]:
    return {one.name for one in model._meta.get_fields() if one.concrete} | set(dir(model))
