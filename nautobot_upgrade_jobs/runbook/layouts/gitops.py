"""Controllers of Flux and Argo CD, which can undo the steps of a plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...facts.manifests import Controller
from ..steps import Step

FIELD_MANAGER = "flux-client-side-apply"
"""Flux undoes the changes of managers whose name begins with ``kubectl``, but not of this one.

Source: the documentation of Flux, "Why are kubectl edits rolled back by Flux?"."""


class Suspension(NamedTuple):
    """The change of an object that suspends its controller, and how it shows."""

    resource: str
    """Full name of the kind, because other controllers have the same short names."""
    patch: str
    path: str
    value: str


SUSPENSIONS = {
    "HelmRelease": Suspension(
        "helmreleases.helm.toolkit.fluxcd.io",
        '{"spec":{"suspend":true}}',
        "{.spec.suspend}",
        "true",
    ),
    "Application": Suspension(
        "applications.argoproj.io",
        '{"spec":{"syncPolicy":{"automated":null}}}',
        "{.spec.syncPolicy.automated}",
        "",
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
            name = f"{change.resource} {shlex.quote(each.name)}"
            kubectl = f"kubectl --namespace {shlex.quote(each.namespace or namespace)}"
            shown = f"{kubectl} get {name} --output jsonpath='{change.path}'"
            yield Step(
                f"Suspend {each.kind} {each.name}",
                "Otherwise it could roll back the release, or scale it up, in the middle of the "
                "migrations.",
                (
                    f"{kubectl} patch {name} --field-manager={FIELD_MANAGER} --type merge "
                    f"--patch {shlex.quote(change.patch)}",
                ),
                f'state="$({shown})" && test "$state" = {shlex.quote(change.value)}',
                role="preparation",
            )


def resume_controllers(controllers: Iterable[Controller]) -> Iterator[Step]:
    """Yield a step by hand, after which the controllers manage the release again."""
    names = [f"{each.kind} {each.name}" for each in controllers if each.kind in SUSPENSIONS]
    if names:
        yield Step(
            f"Resume {' and '.join(names)}",
            "Write the new image into the source of the release, such as the values in Git. Then "
            "set `suspend` to false, or `automated` to its previous value. With the old source, "
            "the old release would start on the migrated database.",
            (),
            by_hand=True,
        )
