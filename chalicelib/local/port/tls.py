"""TLS on the port, with a certificate in files."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from ...errors import SetupError


@dataclass(frozen=True, slots=True)
class Tls:
    """What the port speaks TLS with."""

    context: ssl.SSLContext
    certificate: str
    """The server's, and its chain, PEM."""


def of_files(certificate: Path | None, key: Path | None) -> Tls | None:
    """TLS 1.2 or later, as Python's defaults have it; None where no file is named. Raises SetupError."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise SetupError("TLS needs both: name a certificate with --tls-cert and its key with --tls-key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
        return Tls(context, certificate.read_text())
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SetupError(
            f"{certificate} and {key} are no certificate and its key, in PEM and without a password: {error}"
        ) from error


def _no_password() -> str:
    raise ValueError("the key has a password")
