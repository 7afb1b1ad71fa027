"""Who may open the pages of the App."""

from __future__ import annotations

from importlib.metadata import version

from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.generic import View
from nautobot.extras.models import JobResult

from .job_runs import get_job_kind

LEGACY = int(version("nautobot").partition(".")[0]) < 3
"""Whether Nautobot is older than 3.0. Newer releases show the title of a page themselves."""


class JobResultPermissionMixin(LoginRequiredMixin, PermissionRequiredMixin, View):
    """Limits a page to users who may view Job results. Object permissions apply to each result."""

    permission_required = "extras.view_jobresult"

    def handle_no_permission(self) -> HttpResponseRedirect:
        """Redirect anonymous users to the login page. Refuse authenticated users."""
        self.raise_exception = self.request.user.is_authenticated
        return super().handle_no_permission()


def get_result_or_404(request: HttpRequest, pk: str) -> JobResult:
    """Return a result of this App's Jobs that the user may view."""
    result = get_object_or_404(JobResult.objects.restrict(request.user, "view"), pk=pk)
    if not get_job_kind(result):
        raise Http404
    return result
