"""URLs of the App's pages. Nautobot imports this module."""

from django.urls import path

from .ui import run_views, views

urlpatterns = [
    path("", views.UpgradeView.as_view(), name="home"),
    path("running/", views.RunningView.as_view(), name="running"),
    path("docs/", views.DocsView.as_view(), name="docs"),
    path("docs/<path:path>", views.DocsView.as_view(), name="docs_file"),
    path("checks/", views.ChecksView.as_view(), name="checks"),
    path("accept/", views.AcceptView.as_view(), name="accept"),
    path("runs/<uuid:pk>/verdict/", run_views.VerdictView.as_view(), name="verdict"),
    path("runs/<uuid:pk>/findings/", run_views.FindingsView.as_view(), name="findings"),
    path("runs/<uuid:pk>/finding/", run_views.FindingView.as_view(), name="finding"),
    path("runs/<uuid:pk>/files/", run_views.FilesView.as_view(), name="files"),
    path("runs/<uuid:pk>/plan/", run_views.PlanView.as_view(), name="plan"),
    path("runs/<uuid:pk>/report/", run_views.ReportView.as_view(), name="report"),
]
