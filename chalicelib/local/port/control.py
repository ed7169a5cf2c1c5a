"""How the command line finds the server that has a data directory, and proves that it may read that directory.

The file `control` lies in the directory while the server runs, mode 0600; its secret is new with each start.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from ...errors import SetupError
from .gate import Operator

_NAME = "control"


class Control(msgspec.Struct, frozen=True):
    """A running server."""

    url: str
    """An address of this machine alone."""
    id: str
    secret: str
    certificate: str | None = None
    """The server's own, PEM, where it speaks TLS: whoever shows it is trusted, by whatever name."""


def write(data_dir: Path, url: str, operator: Operator, certificate: str | None) -> None:
    """Leave word of this server."""
    content = msgspec.json.encode(Control(url, operator.id, operator.secret, certificate))
    descriptor, new = tempfile.mkstemp(dir=data_dir)  # of mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(new).replace(data_dir / _NAME)


def remove(data_dir: Path) -> None:
    """Forget the server: it has ended."""
    with suppress(FileNotFoundError):
        (data_dir / _NAME).unlink()


def read(data_dir: Path) -> Control | None:
    """The server that has the directory; None where none left word. Raises SetupError where it cannot be read."""
    try:
        return msgspec.json.decode((data_dir / _NAME).read_bytes(), type=Control)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise SetupError(f"{data_dir / _NAME} cannot be read ({error}): start the server again") from error
