"""From results to a report: what all Jobs with findings share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timezone
from typing import Any

from .. import __version__
from ..catalog import Catalog
from ..checks import acceptance
from ..checks.findings import Acceptance, CheckResult, compute_verdict
from ..checks.registry import all_checks
from ..facts import Unavailable
from ..report import Report
from ..snapshot.compare import sections


def build_report(
    results: tuple[CheckResult, ...],
    *,
    kind: str,
    release: str,
    acceptances: Iterable[Acceptance],
    catalog: Catalog | Unavailable,
    **stated: Any,
) -> Report:
    """Weigh results in the light of what somebody decided to live with.

    Args:
        results: What every check of the run ended with.
        kind: The Job in one word.
        release: The version of Nautobot that acceptances must be for to hold.
        acceptances: All that were given, whether they are about this run or not.
        catalog: What judged, or why it could not be read.
        stated: Further fields of the report.
    """
    now = datetime.now(timezone.utc)
    held, lapsed = acceptance.split_active(acceptances, today=now.date(), target=release)
    keys = (result.key(finding) for result in results for finding in result.findings)
    accepted, unmatched = acceptance.split_matching(held, keys)
    return Report(
        kind=kind,
        created=now,
        verdict=compute_verdict(results, frozenset(accepted)),
        results=results,
        tool=f"nautobot-upgrade-jobs {__version__}",
        catalog="not readable" if isinstance(catalog, Unavailable) else catalog.version,
        active_acceptances=accepted,
        lapsed_acceptances=lapsed,
        unmatched_acceptances=_relevant_acceptances(
            unmatched, {result.check for result in results}
        ),
        **stated,
    )


def _relevant_acceptances(
    acceptances: tuple[Acceptance, ...], answered: Collection[str]
) -> tuple[Acceptance, ...]:
    """Leave out what is about the checks of another Job; of unknown checks, every run speaks."""
    known = {one.id for one in all_checks()} | set(map(section_check_id, sections()))
    return tuple(
        one
        for one in acceptances
        if (check := one.finding.partition(":")[0]) in answered or check not in known
    )


def section_check_id(section: str) -> str:
    """Return the id under which the changes of a section go."""
    return section if "." in section else f"{section}.changes"
