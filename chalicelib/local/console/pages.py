"""The console's files, as a browser wants them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from ...wire.gateway import Request, Response

ROOT = "/_lookalike/"
_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""Everything from this port, nothing inline, no markup made of text, in nobody's frame."""

_HEADERS = {
    "Cache-Control": "no-cache",  # ask each time; an ETag makes that an empty answer
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page."""

    body: bytes
    kind: str
    """Its media type."""
    etag: str


def answer(request: Request) -> Response | None:
    """The file that a path names; None for other paths."""
    if request.path == ROOT.rstrip("/"):
        return Response(HTTPStatus.PERMANENT_REDIRECT, {"Location": ROOT})
    if not request.path.startswith(ROOT) or request.method not in ("GET", "HEAD"):
        return None
    name = request.path.removeprefix(ROOT) or "index.html"
    path = _files().get(name)
    if path is None:
        return None
    file = _read(path, path.stat().st_mtime_ns)
    headers = _HEADERS | {"Content-Type": file.kind, "ETag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    return Response(HTTPStatus.OK, headers, file.body)


def holds(path: str) -> bool:
    """Whether a path names a file of the page."""
    return path == ROOT.rstrip("/") or (path.startswith(ROOT) and (path.removeprefix(ROOT) or "index.html") in _files())


@cache
def _files() -> dict[str, Path]:
    """Every file by its name in an address: what is not listed here cannot be asked for."""
    found = (path for path in _STATIC.rglob("*") if path.suffix in _TYPES)
    return {path.relative_to(_STATIC).as_posix(): path for path in found}


@cache
def _read(path: Path, modified: int) -> File:
    """The file as it was when last modified."""
    body = path.read_bytes()
    return File(body, _TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:32]}"')
