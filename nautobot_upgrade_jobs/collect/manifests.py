"""Collect the rendered manifests that the operator has named. No cluster is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..facts.manifests import Chart, Controller, Manifests, Workload
from .context import Context, explain
from .manifest_files.compose import read_compose
from .manifest_files.kubernetes import (
    read_charts,
    read_controllers,
    read_services,
    read_workloads,
)
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
    workloads: list[Workload] = []
    controllers: list[Controller] = []
    charts: list[Chart] = []
    services: list[str] = []
    unreadable: dict[str, str] = {}
    files = sorted(file for pattern in PATTERNS for file in folder.rglob(pattern))
    for file in files[:MAXIMUM_FILES]:
        name = str(file.relative_to(folder))
        try:
            objects = list(_read_objects(file))
            workloads += read_workloads(objects, name)
            controllers += read_controllers(objects, name)
            charts += read_charts(objects, name)
            services += read_services(objects)
            for one in objects:
                workloads += read_compose(one, name)
        except Exception as error:  # noqa: BLE001 - one bad file must not hide the others
            unreadable[name] = explain(error)
    if not files:
        unreadable["."] = f"the folder contains no {', '.join(PATTERNS)}"
    if len(files) > MAXIMUM_FILES:
        unreadable["."] = f"only the first {MAXIMUM_FILES} of {len(files)} files were read"
    return Manifests(
        str(folder),
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
