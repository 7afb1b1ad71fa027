"""TLS settings that correspond to those of the client libraries."""

from __future__ import annotations

import ssl


def create_tls_context(
    *,
    verifies: bool,
    checks_host: bool,
    root: str | None = None,
    folder: str | None = None,
    certificate: tuple[str, str | None] | None = None,
) -> ssl.SSLContext:
    """Return the settings of an encrypted connection.

    Args:
        verifies: Whether the certificate of the server must be valid.
        checks_host: Whether it must also name the host.
        root: File of trusted certificates. None for those of the system.
        folder: Folder of trusted certificates.
        certificate: Files of the own certificate and key.
    """
    context = ssl.create_default_context(cafile=root, capath=folder)
    # The client libraries accept certificates without the identifiers that Python 3.13 requires.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = checks_host
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(*certificate)
    return context
