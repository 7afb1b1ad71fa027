"""Objects of a cluster that other objects refer to, from all files together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .values import as_mapping, as_mappings

Object = Mapping[str, Any]


class ClusterObjects:
    """Finds the ConfigMap or the autoscaler that an object refers to.

    A template often leaves the namespace out, so a blank namespace fits each.
    """

    def __init__(self, objects: Iterable[Object]) -> None:
        self._config_maps: list[tuple[str, str, Object]] = []
        self._scalers: list[tuple[str, str, int]] = []
        for one in objects:
            if one.get("kind") == "ConfigMap":
                self._config_maps.append((name_of(one), namespace_of(one), one))
            elif one.get("kind") == "HorizontalPodAutoscaler":
                target = str(as_mapping(spec_of(one).get("scaleTargetRef")).get("name"))
                largest = int(spec_of(one).get("maxReplicas") or 0)
                self._scalers.append((target, namespace_of(one), largest))

    def largest_replicas(self, one: Object) -> int:
        """Return the largest number of replicas of an autoscaler. 0 if there is none."""
        return max(
            (
                largest
                for target, namespace, largest in self._scalers
                if target == name_of(one) and _fits(namespace, namespace_of(one))
            ),
            default=0,
        )

    def variables(self, container: Object, namespace: str) -> Mapping[str, Any]:
        """Return the environment variables of a container whose values are not secret."""
        variables: dict[str, Any] = {}
        for source in as_mappings(container.get("envFrom")):
            variables |= self._data(as_mapping(source.get("configMapRef")), namespace)
        for one in as_mappings(container.get("env")):
            reference = as_mapping(as_mapping(one.get("valueFrom")).get("configMapKeyRef"))
            value = self._data(reference, namespace).get(str(reference.get("key")))
            variables[str(one.get("name"))] = one.get("value", value)
        return variables

    def _data(self, reference: Object, namespace: str) -> Mapping[str, Any]:
        wanted = str(reference.get("name"))
        found = [
            as_mapping(one.get("data"))
            for name, own, one in self._config_maps
            if name == wanted and _fits(own, namespace)
        ]
        return found[0] if found else {}


def spec_of(one: Object) -> Object:
    """Return the spec of an object."""
    return as_mapping(one.get("spec"))


def name_of(one: Object) -> str:
    """Return the name of an object."""
    return str(as_mapping(one.get("metadata")).get("name", ""))


def namespace_of(one: Object) -> str:
    """Return the namespace of an object. Empty if it names none."""
    return str(as_mapping(one.get("metadata")).get("namespace", ""))


def _fits(one: str, other: str) -> bool:
    return one == other or not (one and other)
