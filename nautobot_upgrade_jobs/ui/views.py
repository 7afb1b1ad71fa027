"""The pages of the App."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.generic import TemplateView, View
from django.views.static import serve

from ..app_settings import read_stored_acceptances
from ..checks.acceptance import FIELDS, AcceptanceError
from ..checks.registry import all_checks, own_checks
from .acceptance_snippet import render_snippet
from .acceptance_store import may_store, store, withdraw
from .access import LEGACY, JobResultPermissionMixin
from .dashboard import build_dashboard
from .documentation import BUILT, SOURCE, find_source, render_source
from .job_runs import (
    can_accept_findings,
)
from .template_content import TEMPLATES

DOCS_POLICY = "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'self'"
SERVED_FOLDERS = ("images/", "examples/")
"""Folders of the documentation of a checkout whose files are not pages."""
CHECK_JOBS = {
    "preflight": "Preflight",
    "verify": "Verify Migrations",
    "both": "Preflight, Verify Migrations",
    "rollback": "Rollback Planner",
    "rehearse": "Rehearse Upgrade",
}
"""The Jobs that run a check, by its stage."""
MAX_FIELD_LENGTH = 4000
ACCEPTANCE_DAYS = 30
"""Days from the current date to the default end of an acceptance."""


class UpgradeView(JobResultPermissionMixin, TemplateView):
    """The Upgrade page."""

    template_name = "nautobot_upgrade_jobs/upgrade.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the template context for the user."""
        return {
            **super().get_context_data(**kwargs),
            **build_dashboard(self.request.user),
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


class ChecksView(LoginRequiredMixin, TemplateView):
    """All checks of this installation, including those of other packages."""

    template_name = "nautobot_upgrade_jobs/checks.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the checks with the Jobs that run them."""
        own = {check.id for check in own_checks()}
        # A template would call a check, so it gets the texts.
        checks = [
            {
                "id": check.id,
                "title": check.title,
                "why": check.why,
                "fix": check.fix,
                "crosses": check.crosses,
                "jobs": CHECK_JOBS[check.stage],
                "is_own": check.id in own,
            }
            for check in all_checks()
        ]
        return {**super().get_context_data(**kwargs), "legacy": LEGACY, "checks": checks}


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
