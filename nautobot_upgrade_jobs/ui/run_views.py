"""The pages of one run: its verdict, its findings, its plan, its report and its files."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import TemplateView, View
from django_tables2 import RequestConfig
from nautobot.core.views.paginator import EnhancedPaginator, get_paginate_count

from ..common.text import remove_code_marks
from ..report.formats.html import apply_theme
from .access import LEGACY, JobResultPermissionMixin, get_result_or_404
from .finding_detail import describe_finding
from .finding_export import export_csv, export_json
from .finding_filter import FindingFilter
from .finding_history import Document, diff_findings
from .finding_table import FindingTable
from .job_runs import Run, build_links, can_accept_findings, form_url, parse_run, runnable_jobs
from .plan import parse_shell_setup, parse_steps
from .run_files import find_readable, load_report, pack_files, query_files, read_file
from .run_findings import (
    compare_with_previous,
    find_page,
    list_occurrences,
    list_trend,
)
from .template_content import TEMPLATES, build_verdict_context

REPORT_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
"""Policy that lets a report open external links, but gives it no access to this site."""
THEMES = ("light", "dark")
SMALLEST_PAGE = 25
"""Number of rows up to which a table needs no pages. It is the smallest that Nautobot offers."""
KEPT_FIELDS = ("requirements", "backup", "accept")
"""Fields of a run that change its findings, and that a check of one finding therefore repeats."""
EXPORTS = {
    "csv": (export_csv, "text/csv; charset=utf-8"),
    "json": (export_json, "application/json"),
}
"""What writes the file of an export, and the type of its content."""


class VerdictView(JobResultPermissionMixin, View):
    """The verdict of one run. The page of the run reloads this part."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the panel's body."""
        result = get_result_or_404(request, pk)
        context = build_verdict_context(result, request.user)
        return render(request, f"{TEMPLATES}/verdict.html", context)


@method_decorator(xframe_options_sameorigin, name="dispatch")
class ReportView(JobResultPermissionMixin, View):
    """The HTML report of one run, as a sandboxed document."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the report in the color theme of the surrounding page."""
        result = get_result_or_404(request, pk)
        proxy = get_object_or_404(query_files(result.pk, request.user, ".html")[:1])
        data = read_file(proxy)
        if data is None:
            raise Http404
        text = data.decode("utf-8", "replace")
        # Nautobot 2.4 inverts the colors of the whole page, including the report.
        theme = "light" if LEGACY else request.COOKIES.get("theme", "")
        response = HttpResponse(apply_theme(text, theme) if theme in THEMES else text)
        response["Content-Security-Policy"] = REPORT_POLICY
        response["X-Content-Type-Options"] = "nosniff"
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "private, no-store"
        return response


class PlanView(JobResultPermissionMixin, TemplateView):
    """The steps of an upgrade or a rollback, with check boxes that the browser keeps."""

    template_name = "nautobot_upgrade_jobs/plan.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the plan of the run."""
        run, document = _get_report_or_404(self.request, kwargs["pk"])
        steps = parse_steps(document)
        if not steps:
            raise Http404
        rollback = "rollback" if run.kind == "rollback" else "upgrade"
        return {
            **super().get_context_data(**kwargs),
            "legacy": LEGACY,
            "title": f"Plan of the {rollback}",
            "run": run,
            "steps": steps,
            "instructions": remove_code_marks(str(document.get("instructions") or "")),
            "shell_setup": parse_shell_setup(document),
            "links": build_links(run, runnable_jobs(self.request.user)),
        }


class FilesView(JobResultPermissionMixin, View):
    """All files of one run as an archive."""

    def get(self, request: HttpRequest, pk: str) -> FileResponse:
        """Return a ZIP archive of the files that the user may view."""
        result = get_result_or_404(request, pk)
        archive = pack_files(query_files(result.pk, request.user))
        if archive is None:
            raise Http404
        return FileResponse(archive, as_attachment=True, filename=f"upgrade-run-{pk}.zip")


class FindingsView(JobResultPermissionMixin, View):
    """The findings of one run as a table that can be filtered, sorted and exported."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the page, or a file if the query asks for an export."""
        run, document = _get_report_or_404(request, pk)
        comparison = compare_with_previous(run, document, request.user)
        chosen = FindingFilter(
            request.GET, comparison.entries, "form-control" if LEGACY else "form-select"
        )
        entries = chosen.apply()
        export = request.GET.get("export", "")
        if export in EXPORTS:
            write, content_type = EXPORTS[export]
            response = HttpResponse(write(entries), content_type=content_type)
            name = f"findings-{run.kind}-{run.outcome.target_version or 'run'}.{export}"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
        older = comparison.older
        table = FindingTable(entries, run=run.key, earlier=older.key if older else "")
        pages = {"paginator_class": EnhancedPaginator, "per_page": get_paginate_count(request)}
        RequestConfig(request, pages).configure(table)
        trend = list_trend(run, request.user)
        query = request.GET.copy()
        for name in ("export", "page", "per_page"):
            query.pop(name, None)
        context = {
            "legacy": LEGACY,
            "run": run,
            "comparison": comparison,
            "form": chosen,
            "table": table,
            "shown": len(entries),
            "needs_pages": len(entries) > SMALLEST_PAGE or table.page.has_other_pages(),
            "query": query.urlencode(),
            "trend": trend,
            "readable": find_readable(trend, request.user),
            "most": max((sum(one.outcome.counts.values()) for one in trend), default=0),
            "links": build_links(run, runnable_jobs(request.user)),
        }
        return render(request, "nautobot_upgrade_jobs/findings.html", context)


class FindingView(JobResultPermissionMixin, TemplateView):
    """One finding: what it is, what to do, and what earlier and later runs say about it."""

    template_name = "nautobot_upgrade_jobs/finding.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the finding that the query names."""
        user, key = self.request.user, self.request.GET.get("key", "")
        run, document = _get_report_or_404(self.request, kwargs["pk"])
        entries = (one for one in diff_findings(document, None) if one.key == key)
        entry = next(entries, None)
        if entry is None:
            raise Http404
        found = describe_finding(document, entry)
        target = str(document.get("target_version") or "")  # as in an acceptance
        preflight = runnable_jobs(user).get("preflight", "") if run.kind == "preflight" else ""
        kept = {name: run.fields[name] for name in KEPT_FIELDS if run.fields.get(name)}
        fields = {"target": target, "only": found.check, **kept}
        return {
            **super().get_context_data(**kwargs),
            "legacy": LEGACY,
            "run": run,
            "finding": found,
            "evidence": [(line, find_page(line, user)) for line in found.evidence],
            "occurrences": tuple(list_occurrences(run, key, user)),
            "may_accept": run.kind == "preflight" and can_accept_findings(user),
            "target": target,
            "recheck": form_url(preflight, fields) if preflight else "",
        }


def _get_report_or_404(request: HttpRequest, pk: str) -> tuple[Run, Document]:
    """Return a run that the user may view, with its JSON report."""
    run = parse_run(get_result_or_404(request, pk))
    document = load_report(run, request.user) if run else None
    if run is None or document is None:
        raise Http404
    return run, document
