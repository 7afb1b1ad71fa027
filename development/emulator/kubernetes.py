"""``kubectl`` and ``helm`` for one release in one namespace."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from typing import Any

from .cluster import Cluster
from .machine import EmulatorError, Machine, Parser

UNITS = {"s": 1, "m": 60, "h": 3600}
COLUMNS = "custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas"
IMAGE_PATH = "jsonpath={.spec.containers[0].image}"


def kubectl(words: list[str]) -> int:
    """Run a command of ``kubectl``."""
    namespace, (verb, *rest) = _take_namespace(words)
    verbs = {
        "get": _get,
        "debug": _debug,
        "wait": _wait,
        "exec": _exec,
        "scale": _scale,
        "delete": _delete,
        "rollout": _rollout,
        "patch": _patch,
    }
    if verb not in verbs:
        raise EmulatorError(f'unknown command "{verb}" for "kubectl"')
    return verbs[verb](Cluster(namespace), rest) or 0


def _take_namespace(words: list[str]) -> tuple[str, list[str]]:
    if words[:1] != ["--namespace"] or len(words) < 3:
        raise EmulatorError("the emulator needs --namespace before the command")
    return words[1], words[2:]


def _get(cluster: Cluster, words: list[str]) -> None:
    parser = Parser()
    parser.add_argument("names", nargs="+")
    parser.add_argument("--output", default="")
    parser.add_argument("--no-headers", action="store_true")
    options = parser.parse_args(words)
    if options.names == ["pods"] and options.output == "name":
        print("".join(f"pod/{name}\n" for name in cluster.pods()), end="")
    elif options.names[0] == "pod" and len(options.names) == 2:
        pod = cluster.pod(options.names[1])
        print(pod["image"] if options.output == IMAGE_PATH else options.names[1], end="")
    elif options.output == "jsonpath={.spec.suspend}":
        with cluster.machine.state() as state:
            print(json.dumps(_object(state, *options.names)["spec"].get("suspend", False)), end="")
    elif all(name.startswith("deployment/") for name in options.names):
        for name in (one.removeprefix("deployment/") for one in options.names):
            replicas = cluster.deployment(name)["replicas"]
            print(f"{name}   {replicas}" if options.output == COLUMNS else name)
    else:
        raise EmulatorError(f"the emulator cannot get {shlex.join(words)}")


def _debug(cluster: Cluster, words: list[str]) -> None:
    parser = Parser()
    parser.add_argument("pod")
    parser.add_argument("--copy-to", required=True)
    parser.add_argument("--container", required=True)
    parser.add_argument("--set-image", default="")
    parser.add_argument("--keep-init-containers", default="true", choices=["true", "false"])
    at = words.index("--")
    options, command = parser.parse_args(words[:at]), words[at + 1 :]
    pod = cluster.pod(options.pod.removeprefix("pod/"))
    image = options.set_image.removeprefix(f"{options.container}=") or pod["image"]
    copy: dict[str, Any] = {
        **pod,
        "deployment": None,  # The copy has none of the labels of the original.
        "image": image,
        "command": shlex.join(command),
        "init": pod["init"] and options.keep_init_containers == "true",
    }
    cluster.start_pod(options.copy_to, copy)


def _wait(cluster: Cluster, words: list[str]) -> None:
    parser = Parser()
    parser.add_argument("--for", dest="condition", choices=["condition=Ready"], required=True)
    parser.add_argument("--timeout", required=True)
    parser.add_argument("pod")
    options = parser.parse_args(words)
    name = options.pod.removeprefix("pod/")
    cluster.pod(name)
    _poll(lambda: cluster.is_ready(name), options.timeout, options.pod)


def _poll(condition: Any, timeout: str, what: str) -> None:
    end = time.monotonic() + int(timeout[:-1]) * UNITS[timeout[-1]]
    while not condition():
        if time.monotonic() > end:
            raise EmulatorError(f"timed out waiting for the condition on {what}")
        time.sleep(0.2)


def _exec(cluster: Cluster, words: list[str]) -> int:
    parser = Parser()
    parser.add_argument("--stdin", action="store_true")
    parser.add_argument("pod")
    parser.add_argument("--container", required=True)
    at = words.index("--")
    options, command = parser.parse_args(words[:at]), words[at + 1 :]
    cluster.pod(options.pod)
    if not cluster.is_ready(options.pod):
        raise EmulatorError(f'container not found ("{options.container}")')
    return subprocess.run(
        ["env", f"--chdir={cluster.machine.folder}"]
        + [cluster.inside(options.pod, word) for word in command],
        env=cluster.variables(options.pod),
        stdin=None if options.stdin else subprocess.DEVNULL,
    ).returncode


def _scale(cluster: Cluster, words: list[str]) -> None:
    parser = Parser()
    parser.add_argument("--replicas", type=int, required=True)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args(words)
    for name in options.names:
        cluster.scale(name.removeprefix("deployment/"), options.replicas)


def _delete(cluster: Cluster, words: list[str]) -> None:
    parser = Parser()
    parser.add_argument("kind", choices=["pod"])
    parser.add_argument("--ignore-not-found", action="store_true")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args(words)
    for name in options.names:
        if name in cluster.pods() or not options.ignore_not_found:
            cluster.pod(name)
            cluster.delete_pod(name)


def _rollout(cluster: Cluster, words: list[str]) -> None:
    parser = Parser()
    parser.add_argument("verb", choices=["status"])
    parser.add_argument("--timeout", required=True)
    parser.add_argument("name")
    options = parser.parse_args(words)
    name = options.name.removeprefix("deployment/")

    def is_complete() -> bool:
        if cluster.exceeds_deadline(name):
            raise EmulatorError(f'deployment "{name}" exceeded its progress deadline')
        return cluster.is_complete(name)

    _poll(is_complete, options.timeout, options.name)


def _patch(cluster: Cluster, words: list[str]) -> None:
    parser = Parser()
    parser.add_argument("kind")
    parser.add_argument("name")
    parser.add_argument("--field-manager", required=True)
    parser.add_argument("--type", choices=["merge"], required=True)
    parser.add_argument("--patch", type=json.loads, required=True)
    options = parser.parse_args(words)
    with cluster.machine.state() as state:
        _object(state, options.kind, options.name)["spec"] |= options.patch["spec"]
    print(f"{options.kind}.{options.name} patched")


def _object(state: dict[str, Any], kind: str, name: str) -> Any:
    """Return an object of a controller from the state."""
    found = state.get("objects", {}).get(f"{kind}/{name}")
    if not found:
        raise EmulatorError(f'{kind} "{name}" not found')
    return found


def helm(words: list[str]) -> int:
    """Run a command of ``helm``."""
    namespace, (verb, *rest) = _take_namespace(words)
    machine = Machine()
    if verb == "status":
        print(f"NAME: {rest[0]}\nSTATUS: {_release(machine, rest[0])['status']}")
    elif (verb, *rest[:1]) == ("get", "values"):
        print("\n".join(f"{key}: {value}" for key, value in _values(machine, rest[1]).items()))
    elif (verb, *rest[:1]) == ("get", "metadata"):
        print(f"NAME: {rest[1]}\nVERSION: {_release(machine, rest[1])['version']}")
    elif verb == "upgrade":
        _upgrade(Cluster(namespace, machine), rest)
    else:
        raise EmulatorError(f'unknown command "{verb}" for "helm"')
    return 0


def _release(machine: Machine, name: str) -> dict[str, Any]:
    with machine.state() as state:
        release = state.get("releases", {}).get(name)
    if not release:
        raise EmulatorError("release: not found")
    return dict(release)


def _values(machine: Machine, name: str) -> dict[str, str]:
    return dict(_release(machine, name)["values"])


def _upgrade(cluster: Cluster, words: list[str]) -> None:
    """Apply values to a release. Without --wait, helm does not wait for the pods."""
    parser = Parser()
    parser.add_argument("release")
    parser.add_argument("chart")
    parser.add_argument("--version", required=True)
    parser.add_argument("--reuse-values", action="store_true", required=True)
    parser.add_argument("--set-string", action="append", default=[])
    parser.add_argument("--timeout", required=True)
    options = parser.parse_args(words)
    release = _release(cluster.machine, options.release)
    if (options.chart, options.version) != (release["chart"], release["version"]):
        raise EmulatorError(f"chart {options.chart!r} {options.version} not found")
    values = {**release["values"], **dict(one.split("=", 1) for one in options.set_string)}
    with cluster.machine.state() as state:
        state["releases"][options.release] |= {"values": values}
    names = ("registry", "repository", "tag")
    registry, repository, tag = (values[f"nautobot.image.{name}"] for name in names)
    for name in release["deployments"]:
        cluster.set_image(name, f"{registry}/{repository}:{tag}")
        cluster.scale(name, release["replicas"][name])
    print(f'Release "{options.release}" has been upgraded. Happy Helming!')
