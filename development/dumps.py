"""Template databases, each made once and kept as a dump, since a first migrate takes minutes.

- pristine: a fresh migrate
- sample: pristine and sample_data.py
- demo: sample, the demo's Apps and demo_faults.py
- apps: sample, Apps that many have and sample_apps.py
- upgraded: the usual data of an older Nautobot, really upgraded to this one
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from .instance import Instance, Server
from .process import StackError, locked, log_message, run
from .venvs import REPOSITORY, cache_directory, site_packages

# What a template starts from, the commands that make it, and the scripts that are thus in its key.
BASE = {"pristine": "", "sample": "pristine", "demo": "sample", "apps": "sample", "upgraded": ""}
LTM_VERSION = "2.4.44"
"""What "upgraded" comes from."""
MIGRATE = ("nautobot-server", "migrate", "--no-input")
STEPS = {
    "pristine": [MIGRATE],
    "sample": [("python", "-m", "development.sample_data")],
    "demo": [MIGRATE, ("python", "-m", "development.demo_faults")],
    "apps": [MIGRATE, ("python", "-m", "development.sample_apps")],
    "upgraded": [("nautobot-server", "post_upgrade")],
}
SCRIPTS = {
    "pristine": (),
    "sample": ("sample_data.py", "sample_rows.py", "sample_jobs.py"),
    "demo": ("demo_faults.py",),
    "apps": ("sample_apps.py",),
    "upgraded": (),
}


def build_dump_key(instance: Instance, server: Server, template: str) -> str:
    """The name of a dump: it changes with everything that the contents depend on."""
    digest = hashlib.sha256()
    foreign = set(instance.apps.plugins) - set(list_apps(instance, template))
    digest.update("\n".join(list_migrations(instance, without=foreign)).encode())
    if template == "upgraded":
        digest.update(find_ltm_dump(instance).name.encode())
    step = template
    while step:
        for script in SCRIPTS[step]:
            digest.update((REPOSITORY / "development" / script).read_bytes())
        step = BASE[step]
    parts = (instance.version, f"{server.engine}{server.major}", template, digest.hexdigest()[:12])
    return "-".join(parts)


def find_ltm_dump(instance: Instance) -> Path:
    """The dump of the usual data of the older release, of the same kind on the same engine."""
    older = Instance(LTM_VERSION, instance.engine, instance.kind)
    start = (
        f"python3 -m development.stack up {LTM_VERSION} --database {older.engine} --data"
        f" {older.data}"
    )
    if not older.venv.exists():
        raise StackError(f'"upgraded" needs the data of {LTM_VERSION}: {start}')
    server = older.server()
    path = cache_directory() / f"{build_dump_key(older, server, older.data)}.{server.suffix}"
    if not path.exists():
        raise StackError(f"{path.name} is not in the cache: {start}")
    return path


def list_apps(instance: Instance, template: str) -> tuple[str, ...]:
    """The Apps in a template; the first two have none, so that all kinds share them."""
    return instance.apps.plugins if template not in ("pristine", "sample") else ()


def list_migrations(instance: Instance, without: set[str]) -> list[str]:
    """The names of all migrations in the environment, read from the disk."""
    packages = site_packages(instance.venv)
    found = []
    for depth in ("*", "*/*", "*/*/*"):
        found += [path.relative_to(packages) for path in packages.glob(f"{depth}/migrations/*.py")]
    return sorted(str(path) for path in found if path.parts[0] not in without)


def ensure_template(instance: Instance, template: str) -> str:
    """Have a template database and those below it, and return the key of its contents."""
    if BASE[template]:
        ensure_template(instance, BASE[template])
    server = instance.server()
    wanted = build_dump_key(instance, server, template)
    state = instance.state()
    if state.get("templates", template) == wanted:
        return wanted
    path = cache_directory() / f"{wanted}.{server.suffix}"
    state.save("templates", template, None)
    with locked(path.with_suffix(".lock")):
        if path.exists():
            log_message(f"{instance.name}: restoring database {template}")
            server.restore(path, template)
        else:
            _build_template(instance, server, template, path)
    server.mark_as_template(template)
    instance.state().save("templates", template, wanted)
    return wanted


def _build_template(instance: Instance, server: Server, template: str, path: Path) -> None:
    """Build a template from its base and keep a dump of it."""
    if base := BASE[template]:
        server.clone(base, template)
    elif template == "upgraded":
        server.restore(find_ltm_dump(instance), template)
    else:
        server.create(template)
    env = {**instance.env(template), "STACK_APPS": ",".join(list_apps(instance, template))}
    for words in STEPS[template]:
        shown = " ".join(words)
        log_message(f"{instance.name}: making database {template} (once, takes minutes): {shown}")
        log = instance.logs / f"make-{template}-{words[-1].rpartition('.')[2]}.log"
        run(
            [instance.venv / "bin" / words[0], *words[1:]],
            env=env,
            log=log,
            what=f"{shown} (log: {log})",
            cwd=REPOSITORY,
        )
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        server.dump(template, temporary)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def ensure_live(instance: Instance, template: str, *, fresh: bool) -> bool:
    """Have the live database made from this template; whether it is a new one."""
    wanted = ensure_template(instance, template)
    server, state = instance.server(), instance.state()
    if not fresh and state.get("live", "from") == wanted:
        return False
    state.save("live", "from", None)
    server.clone(template, "nautobot")
    state.save("live", "from", wanted)
    return True
