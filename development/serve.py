"""Web process, worker and beat of an instance: ``python -m development.serve PORT``.

Loading Nautobot takes most of a start. So it is loaded once here, and the three are forked from it.
The names and pids are printed as they start; this process then ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import nautobot


def main() -> None:
    """Load, prepare the database, fork."""
    port = int(sys.argv[1])
    nautobot.setup()
    from django.core.cache import caches
    from django.db import connections

    from development.live import ensure_admin, refresh_jobs

    ensure_admin()
    refresh_jobs()
    # Connections must not be shared by two processes.
    connections.close_all()
    caches.close_all()
    celery = ["--loglevel", "INFO"]
    fork(
        "worker",
        lambda: run_celery(
            "worker", *celery, "--concurrency", "2", "--without-mingle", "--without-gossip"
        ),
    )
    fork("web", lambda: run_web(port))
    fork("beat", lambda: run_celery("beat", *celery))


def fork(name: str, service: Callable[[], None]) -> None:
    """Start a service in its own session, with its own log, and print its pid."""
    if pid := os.fork():
        print(name, pid, flush=True)
        return
    os.setsid()
    log = Path(os.environ["STACK_FOLDER"]) / "log" / f"{name}.log"
    with log.open("wb", buffering=0) as stream, open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    os.chdir(os.environ["NAUTOBOT_ROOT"])
    service()
    os._exit(0)


def run_celery(*words: str) -> None:
    """Run what ``nautobot-server celery …`` runs after loading Nautobot."""
    from celery.bin.celery import celery

    sys.argv = ["nautobot-server", "celery", *words]
    celery.main(args=list(words), prog_name="celery")


def run_web(port: int) -> None:
    """Run what ``nautobot-server runserver`` runs, with static files and without DEBUG."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.contrib.staticfiles.views import serve
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import run
    from django.http import Http404, HttpResponseNotFound
    from django.urls import get_resolver

    class Handler(StaticFilesHandler):
        """Serve static files from the packages, without collectstatic."""

        def serve(self, request):
            try:
                return serve(request, self.file_path(request.path), insecure=True)
            except Http404:
                return HttpResponseNotFound()

    get_resolver().url_patterns  # noqa: B018  loads all views before the port opens
    run("127.0.0.1", port, Handler(WSGIHandler()), threading=True)


if __name__ == "__main__":
    main()
