"""Requests as moto's WSGI applications take them, and their headers back."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from ...wire.gateway import Request


def environ(request: Request) -> dict[str, Any]:
    """The request as WSGI says it, with what moto wants beyond: the path as sent, metadata names with underscores."""
    host, _, port = request.headers.get("host", "localhost").partition(":")
    raw_uri = f"{request.path}?{request.query}" if request.query else request.path
    variables: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "RAW_URI": raw_uri,
        "REQUEST_URI": raw_uri,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    variables |= _headers(request)
    variables["CONTENT_LENGTH"] = str(len(request.body))
    variables.pop("HTTP_TRANSFER_ENCODING", None)  # read already
    if request.method == "PUT" and variables.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        # curl says so of any upload: moto would read the object as a form and store nothing.
        variables["CONTENT_TYPE"] = "binary/octet-stream"
    return variables


def _headers(request: Request) -> dict[str, Any]:
    """WSGI makes `my_key` of `my-key`; S3 tells metadata of the two names apart, so moto is told the names too."""
    variables: dict[str, Any] = {}
    underscored: dict[str, str] = {}
    for name, value in request.headers.items():
        if "_" in name and not (name.startswith("x-amz-meta-") and name.replace("_", "-") not in request.headers):
            continue
        variable = name.upper().replace("-", "_")
        if variable not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            variable = f"HTTP_{variable}"
        if "_" in name:
            underscored[variable] = name
        variables[variable] = value
    variables["moto.preserved_header_names"] = underscored
    return variables


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A header a name, without those that the connection decides."""
    joined: dict[str, str] = {}
    for name, value in headers:
        if name.lower() not in ("connection", "date", "server", "transfer-encoding"):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
