"""Forms that browsers post to S3: their fields, and how long the file is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from ...wire.gateway import Request


@dataclass(frozen=True, slots=True)
class Form:
    """What a policy may speak of."""

    fields: Mapping[str, str]
    """By lower-case name, the file's aside. A field that comes twice is none: nobody could tell which counts."""
    bucket: str
    length: int
    """Of the file, in bytes."""


def read(request: Request) -> Form | None:
    """The form that a request posts to a bucket; None where it posts none."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if request.method != "POST" or kind != "multipart/form-data":
        return None
    parser = FormDataParser(_in_memory, max_form_memory_size=1 << 20, max_form_parts=1000)
    try:
        _, fields, files = parser.parse(io.BytesIO(request.body), kind, len(request.body), options)
    except (ValueError, RequestEntityTooLarge):
        return None
    told = {name.lower(): values[0] for name, values in fields.lists() if len(values) == 1}
    file = files.get("file") or FileStorage()
    return Form(told, _bucket(request), file.stream.seek(0, io.SEEK_END))


def _in_memory(
    total_content_length: int | None, content_type: str | None, filename: str | None, content_length: int | None = None
) -> io.BytesIO:
    """Where a file goes: werkzeug's own would write it to the disk, unsealed."""
    return io.BytesIO()


def _bucket(request: Request) -> str:
    """From the path, or the host's name where the path has none."""
    named = unquote(request.path).strip("/").partition("/")[0]
    return named or request.headers.get("host", "").partition(".")[0]
