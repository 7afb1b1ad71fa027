"""The pages of the App."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import TemplateView, View
from django.views.static import serve
from nautobot.extras.models import JobResult

from ..checks.acceptance import FIELDS, AcceptanceError
from ..report.formats.html import apply_theme
from .acceptance_snippet import render_snippet
from .dashboard import build_dashboard
from .job_runs import can_accept_findings, get_job_kind, query_files, read_file
from .template_content import TEMPLATES, build_verdict_context

REPORT_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
"""A report can show itself, and open a link elsewhere; it can do nothing with this site."""
DOCS = Path(__file__).parents[1] / "docs"
"""The built documentation; a wheel has it, a checkout after ``make site``."""
DOCS_POLICY = "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'self'"
MAX_FIELD_LENGTH = 4000
ACCEPTANCE_DAYS = 30
"""From today: until when an acceptance is offered to hold."""
THEMES = ("light", "dark")


LEGACY = int(version("nautobot").partition(".")[0]) < 3
"""Nautobot shows the title of a page from 3.0 on by itself."""


class JobResultPermissionMixin(LoginRequiredMixin, PermissionRequiredMixin):
    """A page for those who may see results of Jobs; each sees those that they may."""

    permission_required = "extras.view_jobresult"

    def handle_no_permission(self) -> HttpResponse:
        """Ask who is there; refuse those who are known."""
        self.raise_exception = self.request.user.is_authenticated
        return super().handle_no_permission()


class UpgradeView(JobResultPermissionMixin, TemplateView):
    """Where this instance stands, and where an upgrade of it stands."""

    template_name = "nautobot_upgrade_jobs/upgrade.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what there is to see for this user."""
        return {
            **super().get_context_data(**kwargs),
            **build_dashboard(self.request.user),
            "legacy": LEGACY,
        }


class RunningView(JobResultPermissionMixin, TemplateView):
    """What runs at the moment, for a page that keeps itself up to date."""

    template_name = f"{TEMPLATES}/running.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what there is to see for this user."""
        return {
            **super().get_context_data(**kwargs),
            **build_dashboard(self.request.user, running=True),
        }


class VerdictView(JobResultPermissionMixin, View):
    """The verdict of one run, for its page to keep itself up to date."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the panel's body."""
        result = _get_result_or_404(request, pk)
        context = build_verdict_context(result, request.user)
        return render(request, f"{TEMPLATES}/verdict.html", context)


class AcceptView(JobResultPermissionMixin, TemplateView):
    """The lines that accept a finding by name; they are shown, and stored nowhere."""

    template_name = "nautobot_upgrade_jobs/accept.html"

    def has_permission(self) -> bool:
        """Tell whether the user may decide so."""
        return super().has_permission() and can_accept_findings(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, and the lines or what is wrong with it."""
        asked = {name: self.request.GET.get(name, "")[:MAX_FIELD_LENGTH] for name in FIELDS}
        today = datetime.now(timezone.utc).date()
        context = super().get_context_data(**kwargs) | {
            "asked": {**asked, "who": str(self.request.user)},
            "legacy": LEGACY,
            "soon": today + timedelta(days=ACCEPTANCE_DAYS),
        }
        if "reason" not in self.request.GET:
            return context
        try:
            return context | {"lines": render_snippet(today=today, **context["asked"])}
        except AcceptanceError as error:
            return context | {"error": str(error)}


@method_decorator(xframe_options_sameorigin, name="dispatch")
class ReportView(JobResultPermissionMixin, View):
    """The HTML report of one run, as a document that can do no harm."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the report in the colours of the page around it."""
        result = _get_result_or_404(request, pk)
        proxy = get_object_or_404(query_files(result.pk, request.user, ".html")[:1])
        data = read_file(proxy)
        if data is None:
            raise Http404
        text = data.decode("utf-8", "replace")
        # Nautobot 2.4 turns the colours of a whole page over, this one's, too.
        theme = "light" if LEGACY else request.COOKIES.get("theme", "")
        answer = HttpResponse(apply_theme(text, theme) if theme in THEMES else text)
        answer["Content-Security-Policy"] = REPORT_POLICY
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Referrer-Policy"] = "no-referrer"
        answer["Cache-Control"] = "private, no-store"
        return answer


class DocsView(LoginRequiredMixin, View):
    """The documentation, from the package itself: of this release, and without a network."""

    def get(self, request: HttpRequest, path: str = "index.html") -> HttpResponse:
        """Return a page of it, or what belongs to one."""
        if not (DOCS / "index.html").exists():
            return HttpResponse(
                "This installation was not made from a wheel and has no built documentation. "
                "Read the folder docs of the repository, or run: make site",
                content_type="text/plain",
                status=404,
            )
        answer = serve(request, path, document_root=DOCS)
        answer["Content-Security-Policy"] = DOCS_POLICY
        return answer


def _get_result_or_404(request: HttpRequest, pk: str) -> JobResult:
    """Return a result of ours that the user may see; there is no other."""
    result = get_object_or_404(JobResult.objects.restrict(request.user, "view"), pk=pk)
    if not get_job_kind(result):
        raise Http404
    return result
