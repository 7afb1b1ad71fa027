"""REST view of the newest verdicts: of each Job, and of each target of Preflight."""

from __future__ import annotations

from importlib.metadata import version

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..ui.job_runs import get_latest_verdicts, serialize_run
from ..ui.target_history import latest_runs_by_target


class CanViewJobResults(IsAuthenticated):
    """Permission for users who may view Job results."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the user may view Job results.

        The view then returns only the results that the user's object permissions allow.
        """
        authenticated = super().has_permission(request, view)
        return authenticated and request.user.has_perm("extras.view_jobresult")


class StatusView(APIView):
    """The newest verdict of each Job."""

    permission_classes = (CanViewJobResults,)

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Return the newest runs whose results the user may view.

        ``jobs`` has the newest run of each Job, or null. ``targets`` has the newest run of
        Preflight for each target that is newer than the installed release.
        """
        runs = latest_runs_by_target(request.user)
        return Response(
            {
                "nautobot": version("nautobot"),
                "jobs": get_latest_verdicts(request.user, request),
                "targets": {target: serialize_run(run, request) for target, run in runs.items()},
            }
        )
