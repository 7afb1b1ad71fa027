"""Content that users created in Nautobot, validated against the code of one release."""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import TextEnum

JOB_FILE = "Job file"
"""The kind of Python files that define Jobs."""


APP_CODE = "App code"
"""The kind of Python files of enabled Apps."""
SCHEDULED_JOB = "scheduled job"
IMPORTING_KINDS = frozenset({JOB_FILE, SCHEDULED_JOB})
"""Kinds whose inspection imports Job files, which a live process never does."""
IMPORTING_TOPIC = "importing_customizations"
"""The part of the topic ``customizations`` with these kinds, in a process of its own."""


class DefectCode(TextEnum):
    """Reasons why a customization does not work."""

    MISSING_MODEL = "missing_model"
    MISSING_JOB = "missing_job"
    MISSING_PAGE = "missing_page"
    MISSING_FILTER = "missing_filter"
    INVALID_FILTER_VALUE = "invalid_filter_value"
    MISSING_FIELD = "missing_field"
    MISSING_ATTRIBUTE = "missing_attribute"
    MISSING_VARIABLE = "missing_variable"
    NOT_FILTERABLE = "not_filterable"
    INVALID_LOOKUP = "invalid_lookup"
    INVALID_ARGUMENTS = "invalid_arguments"
    INVALID_CRONTAB = "invalid_crontab"
    INVALID_QUERY = "invalid_query"
    INVALID_TEMPLATE = "invalid_template"
    UNLOADABLE_FILE = "unloadable_file"


@dataclass(frozen=True)
class Defect:
    """One reason why a customization does not work.

    ``condition``, ``detail`` and ``suggestion`` are ignored in comparisons, because they can differ
    between releases for the same defect.
    """

    code: DefectCode
    reference: str = ""
    """The model, Job, page, filter, lookup, attribute or variable that the customization uses. For
    a template in a config context, the start of the template."""
    owner: str = ""
    """The model or Job in which the reference is searched."""
    line: int = 0
    """Line of the template, query or file. Zero if unknown."""
    condition: str = field(default="", compare=False)
    """The condition under which the code runs, if it may depend on the release."""
    detail: str = field(default="", compare=False)
    """The error message of the parser or loader."""
    suggestion: str = field(default="", compare=False)
    """An existing name that resembles the reference."""


@dataclass(frozen=True)
class CustomizationProblem:
    """A customization and its defect."""

    kind: str
    """The kind of customization, such as ``GraphQL query``."""
    name: str
    page: str
    """Path of the customization's page in the web UI, or path and line of its file."""
    defect: Defect

    @property
    def subject(self) -> str:
        """The kind and the name."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Customizations:
    """Saved queries, templates, filters, constraints, views, Job files and schedules.

    Preflight parses them. It runs only filters, and imports Job files in the trial boot.
    """

    inspected: dict[str, int] = field(default_factory=dict)
    """Number of inspected customizations by kind."""
    problems: tuple[CustomizationProblem, ...] = ()
    unreadable: dict[str, str] = field(default_factory=dict)
    """Kinds that could not be inspected, each with the reason."""

    def merge(self, other: Customizations) -> Customizations:
        """Return these customizations with those of other kinds."""
        return Customizations(
            {**self.inspected, **other.inspected},
            (*self.problems, *other.problems),
            {**self.unreadable, **other.unreadable},
        )
