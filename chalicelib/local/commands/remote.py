"""A running server, asked over HTTP what no operation of Rekognition does."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import msgspec

from ...config import Settings
from ...errors import SetupError
from ..port.control import Control
from ..port.keys import PATH, Listing, Told, Wanted

_SECONDS = 30
_JSON = {"Content-Type": "application/json"}


class Remote:
    """Signs each request with `credentials` of botocore, unless they are None; `tls` says whom to trust, if not whom
    this machine does."""

    def __init__(self, url: str, credentials: Any, tls: ssl.SSLContext | None = None) -> None:
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._tls = tls

    @property
    def is_anonymous(self) -> bool:
        """Whether it signs nothing."""
        return self._credentials is None

    def create(self, wanted: Wanted) -> Told:
        """Make a key; its secret is told this once."""
        return msgspec.json.decode(self.send("POST", PATH, msgspec.json.encode(wanted)), type=Told)

    def list(self) -> list[Told]:
        """All keys, without their secrets."""
        return msgspec.json.decode(self.send("GET", PATH), type=Listing).Keys

    def revoke(self, identity: str) -> None:
        """End a key, and the sessions it opened."""
        self.send("DELETE", f"{PATH}/{identity}")

    def send(self, method: str, path: str, body: bytes = b"", seconds: float = _SECONDS) -> bytes:
        """The answer's body; waits so long for it. Raises SetupError with what the server says."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        if not self._url.startswith(("http://", "https://")):  # urlopen would open files too
            raise SetupError(f"{self._url} is no address of a server")
        request = AWSRequest(method=method, url=self._url + path, data=body, headers=_JSON)
        if self._credentials is not None:
            SigV4Auth(self._credentials, "rekognition", Settings.from_environ().region).add_auth(request)
        sent = HttpRequest(request.url, body or None, dict(request.headers), method=method)  # noqa: S310  # checked above
        try:
            with urlopen(sent, timeout=seconds, context=self._tls) as answer:  # noqa: S310  # checked above
                content: bytes = answer.read()
                return content
        except HTTPError as error:
            with error:
                raise SetupError(_message(error.read())) from None
        except (URLError, OSError) as error:
            raise SetupError(f"no server answers at {self._url}: run `lookalike serve` ({error})") from error


def of(running: Control) -> Remote:
    """The server that has a data directory, asked as its operator."""
    from botocore.credentials import Credentials

    return Remote(running.url, Credentials(running.id, running.secret), _trusting(running.certificate))


def with_credentials(url: str) -> Remote:
    """A server, asked with the user's own AWS credentials. Raises SetupError where there are none."""
    made = of_url(url)
    if made.is_anonymous:
        raise SetupError("export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of a key that may do everything")
    return made


def of_url(url: str) -> Remote:
    """A server, asked with the user's own AWS credentials where there are any, over TLS as the AWS CLI would."""
    import botocore.session

    session = botocore.session.get_session()
    bundle = session.get_config_variable("ca_bundle")
    return Remote(url, session.get_credentials(), ssl.create_default_context(cafile=bundle) if bundle else None)


def _trusting(certificate: str | None) -> ssl.SSLContext | None:
    """Whoever has this certificate's key, and nobody else; the name in it may be any: we asked an address."""
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return context


def _message(body: bytes) -> str:
    try:
        told = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return body.decode(errors="replace")[:300]
    return str(told.get("message") or told.get("Message") or told)
