"""URLs of the App's pages. Nautobot imports this module."""

from django.urls import path

from .ui import views

urlpatterns = [
    path("", views.UpgradeView.as_view(), name="home"),
    path("running/", views.RunningView.as_view(), name="running"),
    path("docs/", views.DocsView.as_view(), name="docs"),
    path("docs/<path:path>", views.DocsView.as_view(), name="docs_file"),
    path("accept/", views.AcceptView.as_view(), name="accept"),
    path("runs/<uuid:pk>/verdict/", views.VerdictView.as_view(), name="verdict"),
    path("runs/<uuid:pk>/files/", views.FilesView.as_view(), name="files"),
    path("runs/<uuid:pk>/plan/", views.PlanView.as_view(), name="plan"),
    path("runs/<uuid:pk>/report/", views.ReportView.as_view(), name="report"),
]
