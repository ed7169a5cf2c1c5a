"""Which web pages may reach the port: any browser on this machine can, and every page that is open in it tries for it.

Three attacks, and what stops each:

- A foreign page posts to http://localhost:4566. Browsers name the page in `Origin`: a foreign one is refused, and its
  preflight too, before anything is read. Pages that this machine serves itself are let in, for they are what a
  developer is writing; others by name, in LOOKALIKE_ORIGINS.
- A foreign page shows `<img src="http://localhost:4566/...">`, or follows a link that deletes something. Browsers say
  so in `Sec-Fetch-Site` (W3C, "Fetch Metadata Request Headers"). Only a link to a page or an object is followed.
- A foreign name is made to point at 127.0.0.1 (DNS rebinding), so that its page is of our origin. The name stands in
  `Host`, where only names that no stranger can own are taken.

Other programs send none of the first two headers and are asked for nothing. Pages under `/_lookalike/` are reached from
our own origin alone, and objects of S3 that are pages run in an origin of their own, where they find no keys of ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from functools import lru_cache
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import msgspec

from ...wire.gateway import Request, Response
from ..moto.aws import service_of

OWN: Final = "/_lookalike"
"""Where pages and routes of our own begin."""

_PRIVATE = (".localhost", ".internal", ".local", ".test", ".home.arpa", ".amazonaws.com")
"""Ends of names that the public's name servers give to no stranger (RFC 2606, RFC 6762, RFC 8375)."""

_DOCUMENTS = frozenset({"document", "embed", "frame", "iframe", "object"})
_SANDBOX = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"


class Origins:
    """Tells the pages that may reach the port from those that may not.

    `allowed` are origins as browsers write them, `https://app.example.com`, or `*` for all. Where `names` is false, any
    name may stand in Host: a stranger who is asked for a signature gains nothing by it.
    """

    def __init__(self, allowed: Collection[str] = (), names: bool = True) -> None:
        self._allowed = frozenset(origin.rstrip("/") for origin in allowed)
        self._hosts = frozenset(urlsplit(origin).hostname or "" for origin in self._allowed - {"*"})
        self._names = names
        self._known = lru_cache(1024)(self._is_known)
        self._let_in = lru_cache(1024)(self._is_let_in)

    def answer(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        """The answer, refused to those who may not have it, with what a browser must be told."""
        refusal = self.refusal(request)
        if refusal is not None:
            return _forbidden(refusal)
        origin = request.headers.get("origin")
        if origin is not None and request.path == "/" and "access-control-request-method" in request.headers:
            return Response(HTTPStatus.NO_CONTENT, _preflight(request))
        response = answer(request)
        if origin is not None:
            response.headers.setdefault("Access-Control-Allow-Origin", origin)
            response.headers.setdefault("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,ETag")
            response.headers.setdefault("Vary", "Origin")
        if request.headers.get("sec-fetch-dest") in _DOCUMENTS and _is_stored_page(request, response):
            response.headers["Content-Security-Policy"] = _SANDBOX
        return response

    def refusal(self, request: Request) -> str | None:
        """Why the request is refused; None where it is not."""
        headers = request.headers
        host = headers.get("host", "")
        if self._names and not self._known(host):
            return f"{host} is no name of this machine; LOOKALIKE_ORIGINS=http://{host} makes it one"
        origin = headers.get("origin")
        if origin is None:
            foreign = headers.get("sec-fetch-site") == "cross-site" and not _follows_a_link(request)
            return "A page of another site asks for this" if foreign else None
        if origin.partition("://")[2] == host or (self._let_in(origin) and not request.path.startswith(OWN)):
            return None
        return f"Pages of {origin} may not call this port; LOOKALIKE_ORIGINS={origin} lets them"

    def _is_known(self, host: str) -> bool:
        """Whether a stranger cannot own the name: an address, a name without a dot, of this machine, or allowed."""
        name = _hostname(f"//{host}")
        if "." not in name or name.endswith(_PRIVATE) or _is_address(name):
            return True
        return any(name == own or name.endswith(f".{own}") for own in self._hosts)

    def _is_let_in(self, origin: str) -> bool:
        name = _hostname(origin)
        own = name == "localhost" or name.endswith(".localhost") or _is_loopback(name)
        return own or origin in self._allowed or "*" in self._allowed


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return "not.a.name"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _follows_a_link(request: Request) -> bool:
    """Whether somebody opens a page of ours or an object, as by a link in a message: S3 changes nothing on a GET, while
    the services with an `Action=` in their address do."""
    opens = request.method in ("GET", "HEAD") and request.headers.get("sec-fetch-mode") == "navigate"
    return opens and (request.path.startswith(OWN) or service_of(request) == "s3")


def _is_stored_page(request: Request, response: Response) -> bool:
    kind = next((value for name, value in response.headers.items() if name.lower() == "content-type"), "")
    return not request.path.startswith(OWN) and any(page in kind for page in ("html", "xml", "svg"))


def _preflight(request: Request) -> dict[str, str]:
    """What a page that may call is told before it does (WHATWG, "Fetch", CORS protocol)."""
    headers = {
        "Access-Control-Allow-Origin": request.headers["origin"],
        "Access-Control-Allow-Methods": "DELETE, GET, HEAD, POST, PUT",
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", ""),
        "Access-Control-Max-Age": "600",
        "Vary": "Origin, Access-Control-Request-Headers",
    }
    if "access-control-request-private-network" in request.headers:
        headers["Access-Control-Allow-Private-Network"] = "true"
    return headers


def _forbidden(message: str) -> Response:
    body = {"__type": "AccessDeniedException", "Code": "AccessDeniedException", "Message": message}
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": "AccessDeniedException"}
    return Response(HTTPStatus.FORBIDDEN, headers, msgspec.json.encode(body))
