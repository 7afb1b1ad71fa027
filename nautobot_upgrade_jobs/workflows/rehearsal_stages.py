"""The stages of a rehearsal, in their order."""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..app_settings import Configuration
from ..catalog import Catalog
from ..catalog.target_release import Target
from ..checks.findings import CheckResult
from ..facts import Unavailable
from ..facts.rehearsal import NOT_REPLACED, NOT_WANTED, Copy, MigrateRun, Restore, Reverse
from ..facts.resolution import Resolution
from ..migration_graph.reverse_plan import plan_reverse
from ..rehearsal.child import Code, CopyProcesses, Event, Order
from ..rehearsal.copy_server import (
    CopyLimits,
    CopyServer,
    Expected,
    ServerOptions,
    start_copy_server,
)
from ..rehearsal.errors import RehearsalFailed
from ..rehearsal.folder import open_folder
from ..rehearsal.journal import read_migrate_run, read_pages
from ..rehearsal.recorder import Recorder, Stopped
from ..snapshot.compare import Change, ChangeKind
from ..snapshot.file_format import Snapshot
from ..target.deadline import Deadline
from ..target.inspect import BuildLimits, BuiltTarget, list_absent_apps, open_target
from ..target.installation import Installation
from ..target.isolation.sandbox import Sandbox, reach_copy
from ..target.resolver import resolve
from .outside import build_roots
from .outside_installed import is_supported
from .rehearsal_prediction import predict
from .rehearsal_reading import CopyReader, StartFailed, count_changes, describe_copy
from .rehearsal_request import RehearsalRequest

STEPS = (
    "clear_cache",
    "trace_paths",
    "remove_stale_contenttypes",
    "clearsessions",
    "refresh_content_type_cache",
    "refresh_dynamic_group_member_caches",
)
"""What ``post_upgrade`` runs after ``migrate``, without static files and installation metrics.
Source: ``nautobot/core/management/commands/post_upgrade.py`` of 1.6 to 3.2."""
MAX_DIFFERENCES = 20
PAGE_SECONDS, START_SECONDS = 300, 180
"""The time for the pages, and for the start before them."""


@dataclass
class RehearsalRun:
    """A rehearsal that is being carried out."""

    request: RehearsalRequest
    installation: Installation
    config: Configuration
    target: Target
    catalog: Catalog
    exclude: frozenset[str]
    """Checks of Verify Migrations that are not run."""
    server_options: ServerOptions
    recorder: Recorder
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    """The name of the run, with which the copy is marked."""

    resolution: Resolution = field(init=False)
    built: BuiltTarget = field(init=False)
    server: CopyServer = field(init=False)
    sandbox: Sandbox = field(init=False)
    reader: CopyReader = field(init=False)
    copy: Installation = field(init=False)
    """The installation, with the copy as its database."""
    before: Snapshot | None = None
    results: tuple[CheckResult, ...] = ()
    changes: tuple[Change, ...] = ()
    start_failure: str = ""
    """Why the target does not start on the upgraded copy."""
    leftover: str = ""
    """What the rehearsal could not remove. Empty for nothing."""
    _processes: int = 0

    def carry_out(self) -> None:
        """Carry out all stages, as far as each depends on those before it."""
        stage = self.recorder.stage
        with contextlib.ExitStack() as stack, contextlib.suppress(Stopped):
            with stage("target"):
                self._build_target(stack)
            with stage("copy"):
                self._copy(stack)
            with stage("current", is_required=False):
                self.before = self.reader.read_state(self.recorder.report)
            with stage("prediction", is_required=False):
                self._predict()
            self._record_choices()
            if "restore" not in self.recorder.results:
                with stage("backup", is_required=False):
                    self.recorder.results["backup"] = self.server.back_up(self.recorder.deadline)
            with stage("upgrade"):
                self._upgrade()
            if self.recorder.results["upgrade"].is_complete:
                self._rehearse_upgraded()
            if "backup" in self.recorder.results:
                with stage("restore", is_required=False):
                    self._restore()

    def _record_choices(self) -> None:
        """Record why there is no rollback, if this follows from the request."""
        if not self.request.rehearses_rollback or self.request.copy:
            reason = NOT_REPLACED if self.request.rehearses_rollback else NOT_WANTED
            self.recorder.results.update(restore=reason, reverse=reason)

    def _rehearse_upgraded(self) -> None:
        with self.recorder.stage("verification", is_required=False):
            self._verify()
        if "upgraded" in self.recorder.results:
            with self.recorder.stage("pages", is_required=False):
                self._open_pages()
        if "reverse" not in self.recorder.results and "upgraded" in self.recorder.results:
            if calls := self._reverse_calls:
                with self.recorder.stage("reverse", is_required=False):
                    self._reverse(calls)
            else:
                self.recorder.results["reverse"] = None

    def _build_target(self, stack: contextlib.ExitStack) -> None:
        run, config = self.request.run, self.config
        wheels = self.server_options.wheel_directory
        roots = build_roots(run, self.installation)
        resolution = resolve(
            roots,
            self.target.version,
            deadline=Deadline(config.resolve_timeout_seconds),
            wheel_directory=wheels,
        )
        if isinstance(resolution, Unavailable):
            raise RehearsalFailed(f"no set to build: {resolution.reason}")
        limits = BuildLimits(
            config.build_timeout_seconds,
            config.boot_timeout_seconds,
            config.build_megabytes,
            config.work_directory,
            config.keep_builds,
            wheels,
        )
        self.resolution = resolution
        self.built = stack.enter_context(open_target(resolution, roots, limits))

    def _copy(self, stack: contextlib.ExitStack) -> None:
        kept = stack.enter_context(open_folder(self.request.directory))
        self.recorder.report("the database server for the copy")
        live = self.installation.database
        self.server = start_copy_server(live, kept, self.key, self.server_options)
        stack.callback(self._close_server)
        copy = self._fill()
        self.server.open(self.key)
        self.sandbox = reach_copy(kept.path, self.server.sockets)
        self.copy = describe_copy(self.installation, self.server.describe_database())
        self.reader = CopyReader(
            self.copy,
            self.built,
            self.resolution,
            self.catalog,
            self.target,
            self.recorder.deadline,
        )
        self.recorder.results["copy"] = copy

    def _close_server(self) -> None:
        self.leftover = self.server.close()

    def _fill(self) -> Copy:
        expected = Expected(
            self.installation.database,
            self.catalog.migrations(self.target.installed),
            self.catalog.core_apps,
            self.target.installed,
            "copy" if self.request.copy else "backup",
        )
        if self.request.backup:
            file, deadline = Path(self.request.backup), self.recorder.deadline
            return self.server.restore_backup(file, expected, deadline)
        limits = CopyLimits(self.recorder.deadline, self.recorder.report, self.request.workers)
        return self.server.copy(expected, limits)

    def _predict(self) -> None:
        self.recorder.results["prediction"] = predict(self.reader, self.catalog)

    def _upgrade(self) -> None:
        self.recorder.results["upgrade"] = self._migrate(
            Order(self.key, targets=((),), steps=STEPS)
        )
        if interruption := self.recorder.results["upgrade"].interruption:
            raise RehearsalFailed(interruption)

    def _verify(self) -> None:
        try:
            after = self.reader.read_upgraded()
        except StartFailed as error:
            self.start_failure = str(error)
            raise
        self.recorder.results["upgraded"] = after
        self.results = self.reader.verify(after, self.exclude)
        if self.before:
            compared, self.changes = self.reader.compare(self.before, after)
            self.results += compared
            self.recorder.results["comparison"] = count_changes(self.changes)

    def _open_pages(self) -> None:
        remaining = self.recorder.deadline.remaining
        seconds = int(min(PAGE_SECONDS, remaining))
        limit = Deadline(min(seconds + START_SECONDS, remaining))
        code = self._target_code
        events = self._run_code(code, Order(self.key, page_seconds=max(1, seconds)), limit)
        self.recorder.results["pages"] = read_pages(events, code.python.parents[1])

    @property
    def _reverse_calls(self) -> tuple[tuple[str, ...], ...]:
        """The calls of ``migrate`` that reverse the upgrade. Empty if it is not reversible."""
        after = self.recorder.results.get("upgraded")
        if after is None or self.before is None or not is_supported(self.copy):
            return ()
        now, then = after.facts.migrations, self.before.facts.migrations
        if isinstance(now, Unavailable) or isinstance(then, Unavailable):
            return ()
        plan = plan_reverse(now, then.recorded)
        if plan.unreachable or plan.without_code or plan.not_applied:
            return ()
        return tuple((call.app, call.target) for call in plan.calls)

    def _reverse(self, calls: tuple[tuple[str, ...], ...]) -> None:
        run = self._migrate(Order(self.key, targets=calls))
        if run.interruption:
            raise RehearsalFailed(run.interruption)
        reverse = Reverse(tuple(" ".join(call) for call in calls), run)
        if run.stop is None:
            state = self.reader.read_state(self.recorder.report)
            again = self._migrate(Order(self.key, targets=((),)))
            reverse = replace(
                reverse, losses=self._list_differences(state), starts=True, again=again
            )
        self.recorder.results["reverse"] = reverse

    def _restore(self) -> None:
        file, dump_seconds = self.recorder.results["backup"]
        seconds = self.server.restore(file, self.recorder.deadline)
        differences: tuple[str, ...] = ()
        if self.before:
            differences = self._list_differences(self.reader.read_state(self.recorder.report))
        self.recorder.results["restore"] = Restore(
            dump_seconds, file.stat().st_size, seconds, differences
        )

    def _list_differences(self, state: Snapshot) -> tuple[str, ...]:
        """Return what differs from the state before the upgrade."""
        if self.before is None:
            return ()
        _, changes = self.reader.compare(self.before, state)
        kinds = (ChangeKind.LOST, ChangeKind.UNEXPECTED, ChangeKind.EXPECTED)
        found = [each.description for each in changes if each.kind in kinds]
        rest = len(found) - MAX_DIFFERENCES
        return (*found[:MAX_DIFFERENCES], *([f"and {rest} more"] if rest > 0 else ()))

    @property
    def _target_code(self) -> Code:
        parameters = self.installation.database.parameters
        return Code(
            self.built.python,
            self.installation.config,
            self.installation.apps,
            list_absent_apps(self.installation.apps, self.resolution),
            frozenset(filter(None, [parameters.get("password"), *self.server.credentials])),
        )

    def _migrate(self, order: Order) -> MigrateRun:
        started, code = time.monotonic(), self._target_code
        events = self._run_code(code, order, self.recorder.deadline)
        return read_migrate_run(
            events, order.steps, time.monotonic() - started, code.python.parents[1]
        )

    def _run_code(self, code: Code, order: Order, deadline: Deadline) -> tuple[Event, ...]:
        self._processes += 1
        processes = CopyProcesses(self.sandbox, deadline, self._report_event)
        return processes.run(code, order, self.built.folder / f"process-{self._processes}")

    def _report_event(self, event: Event) -> None:
        if event["event"] == "begin":
            self.recorder.report(str(event["migration"]))
        elif event["event"] in ("stage", "open"):
            self.recorder.report(str(event["name"]))
