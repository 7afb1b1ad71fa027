"""Collect the rendered manifests that the operator has named. No cluster is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..facts.manifests import Chart, Controller, Manifests, Workload
from .context import Context, explain
from .manifest_files.cluster_objects import ClusterObjects
from .manifest_files.compose import read_compose
from .manifest_files.gitops import read_charts, read_controllers
from .manifest_files.kubernetes import read_services, read_workloads
from .manifest_files.values import as_mapping

PATTERNS = ("*.yaml", "*.yml", "*.json")
MAXIMUM_FILES = 500
MAXIMUM_BYTES = 16 * 1024 * 1024
"""Largest size of a file. The manifests of a chart have about 100 KiB."""


def collect(context: Context) -> Manifests:
    """Read all files of the folder and of the folders in it."""
    folder = context.manifests
    if folder is None:
        return Manifests()
    unreadable: dict[str, str] = {}
    files = sorted(file for pattern in PATTERNS for file in folder.rglob(pattern))
    by_file: dict[str, list[Mapping[str, Any]]] = {}
    for file in files[:MAXIMUM_FILES]:
        name = str(file.relative_to(folder))
        try:
            by_file[name] = list(_read_objects(file))
        except Exception as error:  # noqa: BLE001 - one bad file must not hide the others
            unreadable[name] = explain(error)
    if not files:
        unreadable["."] = f"the folder contains no {', '.join(PATTERNS)}"
    if len(files) > MAXIMUM_FILES:
        unreadable["."] = f"only the first {MAXIMUM_FILES} of {len(files)} files were read"
    return _read_all(str(folder), by_file, unreadable)


def _read_all(
    folder: str, by_file: Mapping[str, list[Mapping[str, Any]]], unreadable: dict[str, str]
) -> Manifests:
    """Read the objects of each file. An object can refer to objects of other files."""
    workloads: list[Workload] = []
    controllers: list[Controller] = []
    charts: list[Chart] = []
    services: list[str] = []
    cluster = ClusterObjects(one for objects in by_file.values() for one in objects)
    for name, objects in by_file.items():
        try:
            found = [*read_workloads(objects, name, cluster)]
            for one in objects:
                found += read_compose(one, name)
            workloads += found
            controllers += read_controllers(objects, name)
            charts += read_charts(objects, name)
            services += read_services(objects)
        except Exception as error:  # noqa: BLE001 - as above
            unreadable[name] = explain(error)
    return Manifests(
        folder,
        tuple(workloads),
        tuple(controllers),
        tuple(dict.fromkeys(charts)),
        tuple(services),
        unreadable,
    )


def _read_objects(file: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a file, and those of a list of objects."""
    import yaml  # slow to import, and needed for few runs

    if file.stat().st_size > MAXIMUM_BYTES:
        raise ValueError(f"larger than {MAXIMUM_BYTES} bytes")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for document in yaml.load_all(file.read_text("utf-8"), loader):
        items = as_mapping(document).get("items")
        if as_mapping(document).get("kind") == "List" and isinstance(items, list):
            yield from (as_mapping(item) for item in items)
        else:
            yield as_mapping(document)
