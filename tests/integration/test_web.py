"""The web processes, asked at their address: real ones, and servers that misbehave."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.facts import Unavailable

PAGE = '<link rel="stylesheet" href="/static/css/base.css?version={release}">'


@contextmanager
def served(answers):
    """Yield the address of a server. Each request takes the next answer of its path."""
    remaining = {path: list(each) for path, each in answers.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            known = remaining.get(path, [(404, "")])
            status, text = known.pop(0) if len(known) > 1 else known[0]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "https://login.example.com/")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(monkeypatch):
    """Return a function: the facts about the web processes at an address."""

    def run(url, **options):
        app = settings.PLUGINS_CONFIG["nautobot_upgrade_jobs"]
        monkeypatch.setitem(app, "deployment", {"url": url} if url else {})
        return collect_facts(topics=("web",), **options).web

    return run


def answers(**changes):
    page = PAGE.format(release="3.2.7")
    healthy = {
        "/login/": [(200, page)],
        "/health/": [(200, "OK")],
        "/static/css/base.css": [(200, "")],
    }
    return healthy | changes


@pytest.mark.lines
def test_web_of_this_installation_runs_the_installed_release(ask, rest, instance):
    web = ask(rest.url)
    assert web.releases == (instance.version,)
    assert (web.failures, web.health_failure, web.missing_static_files) == ((), "", ())


def test_web_without_an_address_is_not_asked(ask, nautobot):
    assert ask("") == replace(ask(""), url="")


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        pytest.param({"/health/": [(500, "")]}, "health_failure", "status 500", id="unhealthy"),
        pytest.param({"/login/": [(502, "")]}, "failures", "status 502", id="no application"),
        pytest.param(
            {"/static/css/base.css": [(404, "")]},
            "missing_static_files",
            "/static/css/base.css: http",
            id="no static files",
        ),
        pytest.param(
            {
                "/login/": [
                    (200, PAGE.format(release="3.2.7")),
                    (200, PAGE.format(release="2.4.44")),
                ]
            },
            "releases",
            "2.4.44",
            id="one process runs the old code",
        ),
        pytest.param(
            {"/login/": [(200, PAGE.format(release="3.2.7")), (500, "")]},
            "failures",
            "status 500",
            id="one process fails",
        ),
    ],
)
def test_web_that_misbehaves_is_described(ask, nautobot, changes, field, expected):
    with served(answers(**changes)) as url:
        found = getattr(ask(url), field)
    assert expected in (found if isinstance(found, str) else " ".join(found))


def test_web_that_redirects_to_another_host_states_no_release(ask, nautobot):
    """A single sign-on. No request leaves for the other host."""
    with served(answers(**{"/login/": [(302, "")]})) as url:
        web = ask(url)
    assert (web.releases, web.failures) == ((), ())


def test_web_that_is_starting_is_asked_again(ask, nautobot):
    starting = [(503, "")] * 7 + [(200, PAGE.format(release="3.2.7"))]
    with served(answers(**{"/login/": starting})) as url:
        assert ask(url).failures
    with served(answers(**{"/login/": starting})) as url:
        assert not ask(url, wait_seconds=30).failures


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_web_without_a_server_is_a_failure(ask, nautobot, url):
    web = ask(url)
    assert not isinstance(web, Unavailable)
    assert web.failures
    assert web.health_failure
