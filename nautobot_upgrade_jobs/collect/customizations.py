"""Validate the content that users created, against the running code.

Queries, templates, filters and constraints are parsed and compiled, never run. Job files are
imported only if the context allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from nautobot.extras.registry import registry

from ..facts import Unavailable
from ..facts.customizations import (
    APP_CODE,
    JOB_FILE,
    CustomizationProblem,
    Customizations,
    Defect,
    DefectCode,
)
from .context import Context, attempt
from .support.redaction import redact_text
from .user_content.code_lookups import (
    UNREADABLE_CODE_ERRORS,
    find_app_files,
    find_unsupported_queries,
)
from .user_content.job_files import (
    find_broken_job_files,
    find_job_files,
    find_uncloned_repositories,
)
from .user_content.kinds import (
    CUSTOMIZATION_KINDS,
    MAX_CONTENT_BYTES,
    SCHEDULED_JOB_KIND,
    CustomizationKind,
    read_content,
)
from .user_content.validators import Validator

CUSTOM_VALIDATOR = "custom validator"
MAX_REASONS = 5
TOO_LARGE = Unavailable(f"its content is larger than {MAX_CONTENT_BYTES >> 20} MiB")


class InspectionResult(NamedTuple):
    """The problems of one kind of content."""

    total: int
    problems: list[CustomizationProblem]
    unreadable: str = ""
    """Parts of the kind that could not be inspected, each with the reason."""


Inspector = Callable[[], InspectionResult]


def collect(context: Context) -> Customizations:
    """Validate all content that users created.

    A process that imports Job files leaves the code of Apps to ``inspect_app_code`` in another one.
    """
    return _inspect_kinds(_build_inspectors(context))


def inspect_jobs(context: Context) -> Customizations:
    """Validate Job files and schedules. This imports Job files."""
    return _inspect_kinds(
        {
            JOB_FILE: lambda: _inspect_job_files(context),
            SCHEDULED_JOB_KIND.name: partial(_inspect_rows, context, SCHEDULED_JOB_KIND),
        }
    )


def inspect_app_code(names: Collection[str] | None = None) -> Customizations:
    """Validate the queries in the code of Apps. This sends no query.

    Args:
        names: The files to read, each by its path below the folder of its App. None for all.
    """
    return _inspect_kinds({APP_CODE: lambda: _inspect_app_code(names)})


def _inspect_kinds(inspectors: Mapping[str, Inspector]) -> Customizations:
    """Run the inspectors. If a kind cannot be read, the other kinds are."""
    inspected: dict[str, int] = {}
    problems: list[CustomizationProblem] = []
    unreadable: dict[str, str] = {}
    for kind, inspect in inspectors.items():
        result = attempt(inspect, expected=Exception)
        if isinstance(result, Unavailable):
            unreadable[kind] = result.reason
            continue
        inspected[kind] = result.total
        problems += result.problems
        if result.unreadable:
            unreadable[kind] = result.unreadable
    return Customizations(inspected, tuple(_drop_duplicates(problems)), unreadable)


def _drop_duplicates(problems: list[CustomizationProblem]) -> Iterator[CustomizationProblem]:
    """Yield each problem once. Content that applies to two models can have a problem twice."""
    yield from {(problem, problem.defect.detail): problem for problem in problems}.values()


def _build_inspectors(context: Context) -> dict[str, Inspector]:
    """Return the inspectors by kind. Job files are first: scheduled Jobs need the Jobs in them."""
    kinds = (
        (*CUSTOMIZATION_KINDS, SCHEDULED_JOB_KIND) if context.imports_jobs else CUSTOMIZATION_KINDS
    )
    return {
        JOB_FILE: lambda: _inspect_job_files(context),
        **({} if context.imports_jobs else {APP_CODE: _inspect_app_code}),
        CUSTOM_VALIDATOR: _inspect_custom_validators,
        **{kind.name: partial(_inspect_rows, context, kind) for kind in kinds},
    }


def _inspect_rows(context: Context, kind: CustomizationKind) -> InspectionResult:
    """Validate the objects of a kind. If one cannot be validated, the others are."""
    validate = None
    keys = set()
    problems: list[CustomizationProblem] = []
    unreadable = []
    for row in read_content(context.connection, kind):
        keys.add(row.key)
        # Making the validator can take seconds, so not without an object.
        validate = validate or kind.validator_factory()
        defects = (
            TOO_LARGE
            if row.is_too_large
            else attempt(partial(_list_defects, validate, row.arguments), expected=Exception)
        )
        if isinstance(defects, Unavailable):
            unreadable.append(f"{row.name}: {defects.reason}")
            continue
        problems += (
            CustomizationProblem(kind.name, row.name, f"{kind.url_prefix}{row.key}/", _redact(each))
            for each in defects
        )
    return InspectionResult(len(keys), problems, _join_reasons(unreadable))


def _list_defects(validate: Validator, arguments: Sequence[Any]) -> list[Defect]:
    return list(validate(*arguments))


def _join_reasons(reasons: Sequence[str]) -> str:
    hidden = len(reasons) - MAX_REASONS
    more = [f"and {hidden} more"] if hidden > 0 else []
    return "; ".join([*reasons[:MAX_REASONS], *more])


def _redact(defect: Defect) -> Defect:
    return replace(
        defect,
        reference=redact_text(defect.reference),
        owner=redact_text(defect.owner),
        detail=redact_text(defect.detail),
        suggestion=redact_text(defect.suggestion),
    )


def _inspect_job_files(context: Context) -> InspectionResult:
    folders = find_job_files(context.connection)
    broken = list(find_broken_job_files(folders, imported=context.imports_jobs))
    paths = [path for _, files in folders for path in files]
    unloadable = {file.path for file in broken}
    readable = [(str(path), path) for path in paths if str(path) not in unloadable]
    queries = _inspect_queries(JOB_FILE, readable)
    return InspectionResult(
        len(paths),
        [
            *queries.problems,
            *(
                CustomizationProblem(
                    JOB_FILE,
                    file.path,
                    f"{file.path}:{file.line}",
                    Defect(DefectCode.UNLOADABLE_FILE, line=file.line, detail=file.error),
                )
                for file in broken
                if file.conclusive
            ),
        ],
        "; ".join(
            [
                *(f"{file.path}: {file.error}" for file in broken if not file.conclusive),
                *(
                    f"the Git repository {slug} has no clone on this host"
                    for slug in find_uncloned_repositories(context.connection)
                ),
                *filter(None, [queries.unreadable]),
            ]
        ),
    )


def _inspect_app_code(names: Collection[str] | None = None) -> InspectionResult:
    files = [file for file in find_app_files() if names is None or file[0] in names]
    return _inspect_queries(APP_CODE, files)


def _inspect_queries(kind: str, files: Collection[tuple[str, Path]]) -> InspectionResult:
    """Find the queries that the running models do not support: each field once a file."""
    problems: list[CustomizationProblem] = []
    unreadable = []
    for name, path in files:
        defects = attempt(
            lambda p=path: list(find_unsupported_queries(p)), expected=UNREADABLE_CODE_ERRORS
        )
        if isinstance(defects, Unavailable):
            unreadable.append(f"{name}: {defects.reason}")
            continue
        by_subject: dict[str, Defect] = {}
        for defect in sorted(defects, key=lambda one: bool(one.condition)):  # certain ones first
            by_subject.setdefault(f"{name}: {defect.owner} {defect.reference}", defect)
        problems += (
            CustomizationProblem(kind, subject, f"{name}:{defect.line}", defect)
            for subject, defect in by_subject.items()
        )
    return InspectionResult(len(files), problems, "; ".join(unreadable))


def _inspect_custom_validators() -> InspectionResult:
    """Find custom validators of models that do not exist. Nautobot never calls such a validator."""
    registered = [
        (label, validator)
        for label, validators in registry["plugin_custom_validators"].items()
        for validator in validators
    ]
    models = {model._meta.label_lower for model in apps.get_models()}
    problems = [
        CustomizationProblem(
            CUSTOM_VALIDATOR,
            validator.__qualname__,
            validator.__module__,
            Defect(DefectCode.MISSING_MODEL, label),
        )
        for label, validator in registered
        if label not in models
    ]
    return InspectionResult(len(registered), problems)
