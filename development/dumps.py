"""Template databases: each is made once and kept as a dump, since a first migrate takes minutes.

- pristine: a fresh migrate
- sample: pristine and sample_data.py
- healthy: sample, after everything that an upgrade runs, so that nothing is left to report
- demo: sample, the demo's Apps and demo_faults.py
- apps: sample, common Apps and sample_apps.py
- upgraded: the sample of the LTM release, upgraded to this one

A dump's name is a digest of what it is made from. The repository keeps those that the tests and the
demo start from in ``development/databases``; ``make databases`` renews them. Any other is made on
first use and kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from .instance import Instance, Server
from .process import StackError, locked, log_message, run
from .venvs import REPOSITORY, cache_directory, site_packages

BASE = {
    "pristine": "",
    "sample": "pristine",
    "healthy": "sample",
    "demo": "sample",
    "apps": "sample",
    "upgraded": "",
}
"""The base of each template."""
WITHOUT_APPS = ("pristine", "sample", "healthy")
LTM_VERSION = "2.4.44"
"""The release from which "upgraded" is made."""
NEWEST_VERSION = "3.2.7"
STORED = REPOSITORY / "development" / "databases"
KEPT = (
    (LTM_VERSION, "postgresql", "", ("pristine", "sample", "healthy")),
    (LTM_VERSION, "postgresql", "demo", ("demo",)),
    (LTM_VERSION, "postgresql", "apps", ("apps",)),
    (NEWEST_VERSION, "postgresql", "", ("pristine", "sample", "healthy", "upgraded")),
    (NEWEST_VERSION, "postgresql", "apps", ("apps",)),
    (LTM_VERSION, "mysql", "", ("pristine", "sample")),
)
"""The templates whose dumps the repository contains."""
MIGRATE = ("nautobot-server", "migrate", "--no-input")
STEPS: dict[str, list[tuple[str, ...]]] = {
    "pristine": [MIGRATE],
    "sample": [("python", "-m", "development.sample_data")],
    "healthy": [("python", "-m", "development.finish_upgrade")],
    "demo": [MIGRATE, ("python", "-m", "development.demo_faults")],
    "apps": [MIGRATE, ("python", "-m", "development.sample_apps")],
    "upgraded": [("nautobot-server", "post_upgrade")],
}
SCRIPTS = {
    "pristine": (),
    "sample": ("sample_data.py", "sample_rows.py", "sample_jobs.py"),
    "healthy": ("finish_upgrade.py",),
    "demo": ("demo_faults.py",),
    "apps": ("sample_apps.py",),
    "upgraded": (),
}


def build_dump_key(instance: Instance, server: Server, template: str) -> str:
    """Return the name of a dump; it depends on everything that determines the contents."""
    digest = hashlib.sha256()
    foreign = set(instance.apps.plugins) - set(list_apps(instance, template))
    digest.update("\n".join(list_migrations(instance, without=foreign)).encode())
    digest.update("\n".join(list_own_jobs()).encode())
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
    """Return the dump of the LTM release for the same kind of installation and engine."""
    older = Instance(LTM_VERSION, instance.engine, instance.kind)
    start = (
        f"python3 -m development.stack up {LTM_VERSION} --database {older.engine} --data"
        f" {older.data}"
    )
    if not older.venv.exists():
        raise StackError(f'"upgraded" needs the data of {LTM_VERSION}: {start}')
    server = older.server()
    key = build_dump_key(older, server, older.data)
    if path := find_dump(key, server):
        return path
    raise StackError(f"there is no dump {key}: {start}")


def find_dump(key: str, server: Server) -> Path | None:
    """Return the file of a dump, in the repository or in the cache."""
    name = f"{key}.{server.suffix}"
    paths = (STORED / name, cache_directory() / name)
    return next((path for path in paths if path.exists()), None)


def list_apps(instance: Instance, template: str) -> tuple[str, ...]:
    """Return the Apps in a template; all kinds of installations share those without Apps."""
    return () if template in WITHOUT_APPS else instance.apps.plugins


def list_own_jobs() -> list[str]:
    """Return the modules of this App's Jobs, which ``migrate`` records in the database."""
    return sorted(
        path.name for path in (REPOSITORY / "nautobot_upgrade_jobs" / "jobs").glob("*.py")
    )


def list_migrations(instance: Instance, without: set[str]) -> list[str]:
    """Return the names of all migrations in the environment."""
    packages = site_packages(instance.venv)
    found = []
    for depth in ("*", "*/*", "*/*/*"):
        found += [path.relative_to(packages) for path in packages.glob(f"{depth}/migrations/*.py")]
    return sorted(str(path) for path in found if path.parts[0] not in without)


def ensure_template(instance: Instance, template: str) -> str:
    """Create a template database if needed, and return the key of its contents."""
    server = instance.server()
    wanted = build_dump_key(instance, server, template)
    state = instance.state()
    if state.get("templates", template) == wanted:
        return wanted
    state.save("templates", template, None)
    path = cache_directory() / f"{wanted}.{server.suffix}"
    with locked(path.with_suffix(".lock")):
        if dump := find_dump(wanted, server):
            log_message(f"{instance.name}: restoring database {template}")
            server.restore(dump, template)
        else:
            _build_template(instance, server, template, path)
    server.mark_as_template(template)
    instance.state().save("templates", template, wanted)
    return wanted


def _build_template(instance: Instance, server: Server, template: str, path: Path) -> None:
    """Build a template from its base and dump it."""
    if base := BASE[template]:
        ensure_template(instance, base)
        server.clone(base, template)
    elif template == "upgraded":
        server.restore(find_ltm_dump(instance), template)
    else:
        server.create(template)
    env = {
        **instance.env(template),
        "STACK_APPS": ",".join(list_apps(instance, template)),
        "STACK_CACHE_PREFIX": path.stem,  # what is cached is not stored, such as a default setting
    }
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


def list_stored() -> dict[str, Path]:
    """The dumps that the repository should keep, by name, each where it is now.

    Raises:
        StackError: An instance is not built, or a dump is not made yet.
    """
    dumps = {}
    for instance, templates in stored_instances():
        if not instance.venv.exists():
            raise StackError(f"{instance.name} is not built: make databases")
        server = instance.server()
        for template in templates:
            key = build_dump_key(instance, server, template)
            if (path := find_dump(key, server)) is None:
                raise StackError(f"there is no dump {key}: make databases")
            dumps[path.name] = path
    return dumps


def stored_instances() -> Iterator[tuple[Instance, tuple[str, ...]]]:
    """Yield the instances whose dumps the repository contains, with their templates."""
    for version, engine, kind, templates in KEPT:
        yield Instance(version, engine, kind), templates


def store() -> None:
    """Copy the current dumps into the repository, and remove outdated ones."""
    STORED.mkdir(exist_ok=True)
    dumps = list_stored()
    for path in STORED.iterdir():
        if path.name not in dumps:
            path.unlink()
    for name, path in dumps.items():
        if path.parent != STORED:
            shutil.copyfile(path, STORED / name)
    log_message(f"{len(dumps)} dumps in {STORED}")
