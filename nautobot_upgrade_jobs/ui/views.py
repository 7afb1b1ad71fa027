"""The pages of the App."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from importlib.metadata import version
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import TemplateView, View
from django.views.static import serve
from nautobot.extras.models import JobResult

from ..app_settings import read_stored_acceptances
from ..checks.acceptance import FIELDS, AcceptanceError
from ..report.formats.html import apply_theme
from .acceptance_snippet import render_snippet
from .acceptance_store import may_store, store, withdraw
from .dashboard import build_dashboard
from .documentation import BUILT, SOURCE, find_source, render_source
from .job_runs import (
    build_links,
    can_accept_findings,
    get_job_kind,
    load_report,
    pack_files,
    parse_run,
    query_files,
    read_file,
    runnable_jobs,
)
from .plan import parse_steps, remove_code_marks
from .template_content import TEMPLATES, build_verdict_context

REPORT_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
"""Policy that lets a report open external links, but gives it no access to this site."""
DOCS_POLICY = "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'self'"
SERVED_FOLDERS = ("images/", "examples/")
"""Folders of the documentation of a checkout whose files are not pages."""
MAX_FIELD_LENGTH = 4000
ACCEPTANCE_DAYS = 30
"""Days from the current date to the default end of an acceptance."""
THEMES = ("light", "dark")


LEGACY = int(version("nautobot").partition(".")[0]) < 3
"""Whether Nautobot is older than 3.0. Newer releases show the title of a page themselves."""


class JobResultPermissionMixin(LoginRequiredMixin, PermissionRequiredMixin, View):
    """Limits a page to users who may view Job results. Object permissions apply to each result."""

    permission_required = "extras.view_jobresult"

    def handle_no_permission(self) -> HttpResponseRedirect:
        """Redirect anonymous users to the login page. Refuse authenticated users."""
        self.raise_exception = self.request.user.is_authenticated
        return super().handle_no_permission()


class UpgradeView(JobResultPermissionMixin, TemplateView):
    """The Upgrade page."""

    template_name = "nautobot_upgrade_jobs/upgrade.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the template context for the user."""
        return {
            **super().get_context_data(**kwargs),
            **build_dashboard(self.request.user, target=self.request.GET.get("target", "")[:40]),
            "legacy": LEGACY,
        }


class RunningView(JobResultPermissionMixin, TemplateView):
    """The runs in progress. The Upgrade page reloads this part."""

    template_name = f"{TEMPLATES}/running.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the template context for the user."""
        return {
            **super().get_context_data(**kwargs),
            **build_dashboard(self.request.user, running=True),
        }


class VerdictView(JobResultPermissionMixin, View):
    """The verdict of one run. The page of the run reloads this part."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the panel's body."""
        result = _get_result_or_404(request, pk)
        context = build_verdict_context(result, request.user)
        return render(request, f"{TEMPLATES}/verdict.html", context)


class AcceptView(JobResultPermissionMixin, TemplateView):
    """Accept a finding: store the acceptance, or show it as an entry of the settings."""

    template_name = "nautobot_upgrade_jobs/accept.html"

    def has_permission(self) -> bool:
        """Return whether the user may accept findings."""
        return super().has_permission() and can_accept_findings(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, and the settings entry or the error."""
        fields, today = self._read_fields(self.request.GET), _today()
        context = super().get_context_data(**kwargs) | {
            "fields": fields,
            "legacy": LEGACY,
            "default_until": today + timedelta(days=ACCEPTANCE_DAYS),
            "may_store": may_store(self.request.user),
            "stored": read_stored_acceptances(),
        }
        if "reason" not in self.request.GET:
            return context
        try:
            return context | {"snippet": render_snippet(today=today, **fields)}
        except AcceptanceError as error:
            return context | {"error": str(error)}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store or withdraw an acceptance, and return to the Upgrade page."""
        if not may_store(request.user):
            raise PermissionDenied
        fields = self._read_fields(request.POST)
        try:
            if "withdraw" in request.POST:
                withdraw(fields["finding"], fields["target"])
                messages.success(request, f"Withdrawn: {fields['finding']}")
            else:
                store(today=_today(), **fields)
                messages.success(request, f"Accepted: {fields['finding']}. Run Preflight again.")
        except AcceptanceError as error:
            context = self.get_context_data() | {"fields": fields, "error": str(error)}
            return self.render_to_response(context, status=400)
        return HttpResponseRedirect(reverse("plugins:nautobot_upgrade_jobs:home"))

    def _read_fields(self, given: QueryDict) -> dict[str, str]:
        fields = {name: given.get(name, "")[:MAX_FIELD_LENGTH] for name in FIELDS}
        return {**fields, "who": str(self.request.user)}


def _today() -> date:
    return datetime.now(timezone.utc).date()


@method_decorator(xframe_options_sameorigin, name="dispatch")
class ReportView(JobResultPermissionMixin, View):
    """The HTML report of one run, as a sandboxed document."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the report in the color theme of the surrounding page."""
        result = _get_result_or_404(request, pk)
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
        run = parse_run(_get_result_or_404(self.request, kwargs["pk"]))
        document = load_report(run, self.request.user) if run else None
        steps = parse_steps(document)
        if run is None or document is None or not steps:
            raise Http404
        rollback = "rollback" if run.kind == "rollback" else "upgrade"
        return {
            **super().get_context_data(**kwargs),
            "legacy": LEGACY,
            "title": f"Plan of the {rollback}",
            "run": run,
            "steps": steps,
            "instructions": remove_code_marks(str(document.get("instructions") or "")),
            "shell_setup": tuple(map(str, document.get("shell_setup") or ())),
            "links": build_links(run, runnable_jobs(self.request.user)),
        }


class FilesView(JobResultPermissionMixin, View):
    """All files of one run as an archive."""

    def get(self, request: HttpRequest, pk: str) -> FileResponse:
        """Return a ZIP archive of the files that the user may view."""
        result = _get_result_or_404(request, pk)
        archive = pack_files(query_files(result.pk, request.user))
        if archive is None:
            raise Http404
        return FileResponse(archive, as_attachment=True, filename=f"upgrade-run-{pk}.zip")


class DocsView(LoginRequiredMixin, View):
    """The documentation of this release, without network access."""

    def get(self, request: HttpRequest, path: str = "index.html") -> HttpResponse | FileResponse:
        """Return one page or picture of the documentation."""
        if (BUILT / "index.html").exists():
            response = serve(request, path, document_root=str(BUILT))
            response["Content-Security-Policy"] = DOCS_POLICY
            return response
        source = find_source(path)
        if source:
            title, text = render_source(source)
            context = {"title": title, "text": text}
            return render(request, "nautobot_upgrade_jobs/docs.html", context)
        if path.startswith(SERVED_FOLDERS) and "\0" not in path:
            response = serve(request, path, document_root=str(SOURCE))
            if path.startswith("examples/"):
                response["Content-Type"] = "text/plain; charset=utf-8"
            return response
        raise Http404


def _get_result_or_404(request: HttpRequest, pk: str) -> JobResult:
    """Return a result of this App's Jobs that the user may view."""
    result = get_object_or_404(JobResult.objects.restrict(request.user, "view"), pk=pk)
    if not get_job_kind(result):
        raise Http404
    return result
