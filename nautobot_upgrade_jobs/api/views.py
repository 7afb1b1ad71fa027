"""The newest verdict of each Job, for what asks by REST."""

from __future__ import annotations

from importlib.metadata import version

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..ui.job_runs import get_latest_verdicts


class CanViewJobResults(IsAuthenticated):
    """For those who may see results of Jobs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether they may; each then sees those that they may see."""
        known = super().has_permission(request, view)
        return known and request.user.has_perm("extras.view_jobresult")


class StatusView(APIView):
    """Where an upgrade of this instance stands."""

    permission_classes = (CanViewJobResults,)

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Return the newest run of each Job that the user may see; null where there is none."""
        return Response(
            {"nautobot": version("nautobot"), "jobs": get_latest_verdicts(request.user, request)}
        )
