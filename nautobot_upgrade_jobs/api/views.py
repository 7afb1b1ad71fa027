"""REST view of the newest verdict of each Job."""

from __future__ import annotations

from importlib.metadata import version

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..ui.job_runs import get_latest_verdicts


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
        """For each Job, return the newest run whose result the user may view, or null."""
        return Response(
            {"nautobot": version("nautobot"), "jobs": get_latest_verdicts(request.user, request)}
        )
