"""Read the objects of Flux and Argo CD, and the version of the Helm chart that they install."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...facts.manifests import Chart, Controller, Deadline
from .chart_range import admitted_majors
from .cluster_objects import name_of, namespace_of, spec_of
from .values import as_mapping, as_mappings, parse_duration

CHART = "nautobot"
CHART_LABEL = "helm.sh/chart"
RENDERED = re.compile(r"nautobot-(\d[\w.+-]{0,60})")
"""The label of an object that Nautobot's chart rendered."""
ANY_VERSION = "*"
"""What Flux and Argo CD install if no version is named."""
FLUX_TIMEOUT = "5m0s"
"""Default of ``spec.timeout`` of a HelmRelease."""

Objects = Sequence[Mapping[str, Any]]


def read_charts(objects: Objects, file: str) -> Iterator[Chart]:
    """Yield the versions of Nautobot's chart: of rendered objects, and of GitOps objects."""
    for one in objects:
        labels = as_mapping(as_mapping(one.get("metadata")).get("labels"))
        rendered = RENDERED.fullmatch(str(labels.get(CHART_LABEL, "")))
        if rendered:
            yield Chart(rendered[1], file, admitted_majors(rendered[1]), is_rendered=True)
        for name, version in _list_named_charts(one):
            if name.rstrip("/").rpartition("/")[2] == CHART:
                yield Chart(version, file, admitted_majors(version), is_rendered=False)


def _list_named_charts(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the version of each chart that a GitOps object installs."""
    spec = spec_of(one)
    if one.get("kind") == "ApplicationSet":
        spec = spec_of(as_mapping(spec.get("template")))
    if one.get("kind") == "HelmRelease":
        chart = spec_of(as_mapping(spec.get("chart")))
        yield str(chart.get("chart", "")), str(chart.get("version") or ANY_VERSION)
    elif one.get("kind") in ("Application", "ApplicationSet"):
        for source in (as_mapping(spec.get("source")), *as_mappings(spec.get("sources"))):
            yield str(source.get("chart", "")), str(source.get("targetRevision") or ANY_VERSION)


def read_controllers(objects: Objects, file: str) -> Iterator[Controller]:
    """Yield the objects of Flux and Argo CD that manage a release."""
    for one in objects:
        spec, name = spec_of(one), name_of(one)
        if one.get("kind") == "HelmRelease":
            yield Controller(
                "HelmRelease",
                name,
                file,
                rollback=_flux_rollback(spec),
                reverts="the reconciliation",
                deadlines=_flux_timeout(spec),
                namespace=namespace_of(one),
            )
        elif one.get("kind") == "Application":
            automated = as_mapping(spec.get("syncPolicy")).get("automated")
            heals = bool(as_mapping(automated).get("selfHeal"))
            yield Controller(
                "Application",
                name,
                file,
                reverts="selfHeal" if heals else "",
                namespace=namespace_of(one),
            )


def _flux_rollback(spec: Mapping[str, Any]) -> str:
    """Return the setting by which Flux rolls back a failed upgrade. Empty if it does not.

    Source: the API of HelmRelease. Without retries, nothing is remediated; with retries, all
    failures but the last are.
    """
    upgrade = as_mapping(as_mapping(spec.get("upgrade")).get("remediation"))
    retries = int(upgrade.get("retries") or 0)
    last = upgrade.get("remediateLastFailure", retries != 0)
    strategy = str(upgrade.get("strategy", "rollback"))
    return f"upgrade.remediation (strategy {strategy})" if retries or last else ""


def _flux_timeout(spec: Mapping[str, Any]) -> tuple[Deadline, ...]:
    seconds = parse_duration(spec.get("timeout", FLUX_TIMEOUT))
    return () if seconds is None else (Deadline("timeout of the HelmRelease", seconds),)
