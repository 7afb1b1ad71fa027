"""Two ends of a connection."""

import contextlib
import socket
import threading

import pytest


@pytest.fixture
def pair():
    """Two connected sockets."""
    near, far = socket.socketpair()
    yield near, far
    near.close()
    far.close()


@pytest.fixture
def send():
    """Return a function that sends data in pieces of a size, and then ends the connection."""

    def send(stream, data, size):
        def run():
            with contextlib.suppress(OSError):  # The test may have ended the connection.
                for start in range(0, len(data), size):
                    stream.sendall(data[start : start + size])
                stream.shutdown(socket.SHUT_WR)

        threading.Thread(target=run, daemon=True).start()

    return send
