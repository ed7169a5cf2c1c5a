"""How commands reach the server that they manage: by its data directory, or by its address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ...errors import SetupError

if TYPE_CHECKING:
    from .remote import Remote

DataDir = Annotated[
    Path, typer.Option(help="The data directory of the server.", envvar="LOOKALIKE_DATA_DIR", file_okay=False)
]
Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint-url", help="A server elsewhere, asked with your AWS credentials, instead of --data-dir."),
]
HERE = Path(".lookalike")
_SECONDS = 600.0
"""An erasure looks at every face and every uploaded object."""


def ask(data_dir: Path, endpoint_url: str | None, action: str, **members: Any) -> Any:
    """What the server answers to an action of `port.admin`. Raises SetupError, with what it says or that none runs."""
    from ..port.admin import PATH  # .3 s: the backend

    body = msgspec.json.encode({name: value for name, value in members.items() if value is not None})
    return msgspec.json.decode(_server(data_dir, endpoint_url).send("POST", PATH + action, body, _SECONDS))


def _server(data_dir: Path, endpoint_url: str | None) -> Remote:
    from ..port import control
    from . import remote

    if endpoint_url is not None:
        return remote.with_credentials(endpoint_url)
    running = control.read(data_dir)
    if running is None:
        raise SetupError(
            f"no server has {data_dir}: run `lookalike serve --data-dir {data_dir}`, or name a server with"
            " --endpoint-url"
        )
    return remote.of(running)
