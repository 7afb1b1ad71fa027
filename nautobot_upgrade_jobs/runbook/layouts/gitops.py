"""Controllers of Flux and Argo CD, which can undo the steps of a plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...facts.manifests import Controller
from ..steps import Step


class Suspension(NamedTuple):
    """The change of an object that suspends its controller, and how it shows."""

    patch: str
    path: str
    value: str


SUSPENSIONS = {
    "HelmRelease": Suspension('{"spec":{"suspend":true}}', "{.spec.suspend}", "true"),
    "Application": Suspension(
        '{"spec":{"syncPolicy":{"automated":null}}}', "{.spec.syncPolicy.automated}", ""
    ),
}
"""By kind: Flux, and the automated synchronization of Argo CD."""


def suspend_controllers(controllers: Iterable[Controller], namespace: str) -> Iterator[Step]:
    """Yield the steps that suspend controllers, each with its proof.

    Args:
        controllers: The controllers that roll back or revert by themselves.
        namespace: The namespace of a controller whose manifest names none.
    """
    for each in controllers:
        if change := SUSPENSIONS.get(each.kind):
            name = f"{each.kind.lower()} {shlex.quote(each.name)}"
            kubectl = f"kubectl --namespace {shlex.quote(each.namespace or namespace)}"
            shown = f"$({kubectl} get {name} --output jsonpath='{change.path}')"
            yield Step(
                f"Suspend {each.kind} {each.name}",
                "Otherwise it could roll back the release, or scale it up, in the middle of the "
                "migrations.",
                (f"{kubectl} patch {name} --type merge --patch {shlex.quote(change.patch)}",),
                f'test "{shown}" = {shlex.quote(change.value)}',
                role="preparation",
            )


def resume_controllers(controllers: Iterable[Controller]) -> Iterator[Step]:
    """Yield a step by hand, after which the controllers manage the release again."""
    names = [f"{each.kind} {each.name}" for each in controllers if each.kind in SUSPENSIONS]
    if names:
        yield Step(
            f"Resume {' and '.join(names)}",
            "Write the new image into the source of the release, such as the values in Git. Then "
            "resume. With the old source, the old release would start on the migrated database.",
            (),
            by_hand=True,
        )
