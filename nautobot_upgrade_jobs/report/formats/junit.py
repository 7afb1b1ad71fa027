"""The report as JUnit XML, for a CI gate that reads test results. Each check is a test.

A test fails if its check has an unaccepted blocker. A check that could not run is an error, because
it must not be green. Warnings appear in the output of a test that passes. Control characters
are written as escape sequences, because XML does not allow them.
"""

from __future__ import annotations

from xml.etree import ElementTree as xml

from ...checks.findings import CheckResult, Severity, Status
from ...common.text import escape_nonprintable
from ..model import Report
from ..remediation_text import describe_acceptance, describe_remediation
from ..reported_finding import ReportedFinding

Counts = dict[str, int]


def render(report: Report) -> str:
    """Return the report as a document with one test suite for each topic."""
    root = xml.Element(
        "testsuites", name=escape_nonprintable(f"{report.kind} of {report.instance}")
    )
    by_check: dict[str, list[ReportedFinding]] = {}
    for reported in report.findings():
        by_check.setdefault(reported.check, []).append(reported)
    total: Counts = {}
    for topic in dict.fromkeys(result.topic for result in report.results):
        suite = xml.SubElement(root, "testsuite", name=topic)
        counts: Counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
        for result in report.results:
            if result.topic == topic:
                outcome = _add_test_case(suite, report, result, by_check.get(result.check, []))
                counts["tests"] += 1
                if outcome:
                    counts[outcome] += 1
        _set_counts(suite, counts)
        total = {name: total.get(name, 0) + number for name, number in counts.items()}
    if report.only:
        _add_missing_checks(root, report)
        total |= {name: total.get(name, 0) + 1 for name in ("tests", "errors")}
    _set_counts(root, total)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_missing_checks(root: xml.Element, report: Report) -> None:
    """Add a test for the checks that a limited run left out. It must not be green."""
    suite = xml.SubElement(root, "testsuite", name="run")
    case = xml.SubElement(suite, "testcase", classname=report.kind, name="all_checks", time="0")
    xml.SubElement(case, "error", type="limited", message=escape_nonprintable(report.headline))
    _set_counts(suite, {"tests": 1, "failures": 0, "errors": 1, "skipped": 0})


def _add_test_case(
    suite: xml.Element, report: Report, result: CheckResult, findings: list[ReportedFinding]
) -> str:
    """Add a test, and return the name of the counter to increase. Empty if the test passes."""
    case = xml.SubElement(
        suite, "testcase", classname=f"{report.kind}.{result.topic}", name=result.check, time="0"
    )
    if result.status in (Status.SKIPPED, Status.CRASHED):
        xml.SubElement(
            case, "error", type=result.status.value, message=escape_nonprintable(result.reason)
        )
        return "errors"
    if result.status is Status.NOT_APPLICABLE:
        xml.SubElement(case, "skipped", message=escape_nonprintable(result.reason))
        return "skipped"
    blockers = [each for each in findings if _is_unaccepted_blocker(each)]
    if blockers:
        message = escape_nonprintable("; ".join(each.finding.message for each in blockers))
        failure = xml.SubElement(case, "failure", type=Severity.BLOCKER.value, message=message)
        failure.text = "\n\n".join(map(_describe_finding, blockers))
    others = [each for each in findings if not _is_unaccepted_blocker(each)]
    if others:
        xml.SubElement(case, "system-out").text = "\n\n".join(map(_describe_finding, others))
    return "failures" if blockers else ""


def _is_unaccepted_blocker(reported: ReportedFinding) -> bool:
    return reported.finding.severity is Severity.BLOCKER and reported.acceptance is None


def _describe_finding(reported: ReportedFinding) -> str:
    finding, accepted = reported.finding, reported.acceptance
    lines = [f"{finding.severity.value}: {reported.key}: {finding.message}"]
    if accepted:
        lines.append(describe_acceptance(reported))
    lines += describe_remediation(finding)
    lines += [f"Evidence: {item}" for item in finding.evidence]
    return "\n".join(map(escape_nonprintable, lines))


def _set_counts(element: xml.Element, counts: Counts) -> None:
    for name, number in counts.items():
        element.set(name, str(number))
