"""Notifications of real runs, received by a real HTTP and a real SMTP server."""

import json
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from django.conf import settings
from django.test import override_settings

from tests.support.own_runs import log_of, own_runs, run  # noqa: F401 - a fixture

pytestmark = [
    *(pytest.mark.live, pytest.mark.once, pytest.mark.slow),
    pytest.mark.usefixtures("own_runs"),
]
FIELDS = {"skip_build": True, "target": "3.2.7"}


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Webhook(BaseHTTPRequestHandler):
    """Keeps the bodies, and answers with the status in the path."""

    received: ClassVar[list] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append(json.loads(body))
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/200")
        self.end_headers()

    def log_message(self, *_):
        pass


class Mail(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a client needs, slowly line by line."""

    received: ClassVar[list] = []

    def handle(self):
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                self.received.append(text.decode())
            if command == b"QUIT":
                return
            self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def webhook():
    Webhook.received = []
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Webhook)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def smtp():
    Mail.received = []
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)) as port:
        backend = "django.core.mail.backends.smtp.EmailBackend"
        with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_BACKEND=backend):
            yield Mail


@pytest.fixture
def notify(monkeypatch):
    def configure(**setting):
        own = {
            "notifications": setting,
            "deployment": {"url": "https://nautobot.example.org"},
            "resolve": False,
        }
        values = {**settings.PLUGINS_CONFIG, "nautobot_upgrade_jobs": own}
        monkeypatch.setattr(settings, "PLUGINS_CONFIG", values)

    return configure


def test_webhook_gets_the_verdict_with_causes_and_address(notify, webhook):
    notify(webhooks=[f"{webhook}/200"])
    result = run("Preflight", **FIELDS)
    (body,) = Webhook.received
    assert body["event"] == "nautobot_upgrade_jobs.run"
    assert body["verdict"] == result.result["verdict"]
    assert body["causes"][0]["fix"]
    assert body["url"] == f"https://nautobot.example.org/extras/job-results/{result.pk}/"


def test_second_run_without_a_change_sends_nothing(notify, webhook):
    notify(webhooks=[f"{webhook}/200"])
    for _ in range(2):
        run("Preflight", **FIELDS)
    assert len(Webhook.received) == 1
    notify(webhooks=[f"{webhook}/200"], always=True)
    run("Preflight", **FIELDS)
    assert len(Webhook.received) == 2


def test_another_target_is_a_change(notify, webhook):
    notify(webhooks=[f"{webhook}/200"])
    for target in ("3.2.7", "3.1.8", "3.2.7"):
        run("Preflight", **{**FIELDS, "target": target})
    assert [body["target_version"] for body in Webhook.received] == ["3.2.7", "3.1.8"]


@pytest.mark.parametrize("status", ["500", "302", "404"])
def test_webhook_that_fails_is_logged_without_its_secret_and_fails_no_run(notify, webhook, status):
    notify(webhooks=[f"{webhook}/{status}"])
    result = run("Preflight", **FIELDS)
    assert len(Webhook.received) == 1
    log = "\n".join(log_of(result))
    assert "webhook 1 (127.0.0.1) was not notified" in log.replace("\\", "")
    assert status not in log.rpartition("was not notified")[0][-60:]
    run("Preflight", **FIELDS)
    assert len(Webhook.received) == 2, "the next run tries again"
    assert result.result["findings"]


def test_unreachable_servers_fail_no_run(notify):
    notify(webhooks=["http://127.0.0.1:9/secret-token"], emails=["ops@example.org"])
    with override_settings(
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=9,
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    ):
        result = run("Preflight", **FIELDS)
    log = "\n".join(log_of(result))
    assert "No e-mail was sent: ConnectionRefusedError." in log
    assert result.result["findings"]


def test_mail_has_the_short_form_as_text_and_html(notify, smtp):
    notify(emails=["ops@example.org", "dba@example.org"])
    result = run("Preflight", **FIELDS)
    (mail,) = smtp.received
    assert "To: ops@example.org, dba@example.org" in mail
    assert f"Subject: {result.result['verdict'].upper()}: Nautobot" in mail
    assert "Content-Type: text/html" in mail
    assert str(result.pk) in mail.replace("=\r\n", "")


def test_nothing_is_sent_by_default(notify, webhook, smtp):
    notify()
    result = run("Preflight", **FIELDS)
    assert not Webhook.received
    assert not smtp.received
    assert "state" not in result.result
