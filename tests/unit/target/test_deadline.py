"""The end of a time limit, which another thread can bring forward."""

import socket
import threading

import pytest

from nautobot_upgrade_jobs.facts import Apps, Packages, Unavailable
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from tests.support.installations import CORE


@pytest.mark.parametrize(("seconds", "is_over"), [(60, False), (0.5, False), (0, True), (-1, True)])
def test_remaining_is_positive_before_the_end(seconds, is_over):
    assert (Deadline(seconds).remaining <= 0) is is_over


def test_remaining_after_end_now_is_negative():
    deadline = Deadline(60)
    deadline.end_now()
    assert deadline.remaining < 0


def test_end_now_ends_a_resolution_that_waits_for_the_index(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{port}/simple")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
        deadline, found = Deadline(300), []
        roots = RootRequirements(Packages((CORE,)), Apps((), ()), "3.11.7")
        waiting = threading.Thread(
            target=lambda: found.append(resolve(roots, "3.2.7", deadline=deadline))
        )
        waiting.start()
        silent.accept()  # uv has asked
        deadline.end_now()
        waiting.join(60)
    assert [type(one) for one in found] == [Unavailable]
