"""`lookalike celebrities`: who RecognizeCelebrities knows. A client of a running server, as any other would be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from ...config import Settings
from ...errors import SetupError
from .asking import HERE, Endpoint, connected

app = typer.Typer(
    help="Who RecognizeCelebrities knows: a collection of faces with names, on a running server.", no_args_is_help=True
)

AN_EXTERNAL_ID = re.compile(r"[a-zA-Z0-9_.\-:]{1,255}")
_FACES_A_CALL = 4096


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Who it is, as in 'Ada Lovelace'.")],
    photos: Annotated[list[Path], typer.Argument(help="JPEG or PNG; the largest face of each counts.", dir_okay=False)],
    endpoint_url: Endpoint = HERE,
) -> None:
    """Make somebody known by one or more photos.

    Links and gender, and a name in other letters than a-z, belong into the file that LOOKALIKE_CELEBRITY_FACTS names.
    """
    external_id = external_id_of(name)
    with _gallery(endpoint_url) as (client, gallery):
        _make(client, gallery)
        refusals = [f"{photo} ({why})" for photo in photos if (why := _index(client, gallery, external_id, photo))]
    print(f"{external_id}: {len(photos) - len(refusals)} of {len(photos)} photos added to {gallery}")
    if refusals:
        raise SetupError(f"choose other photos instead of {', '.join(refusals)}")


@app.command("list")
def list_celebrities(endpoint_url: Endpoint = HERE) -> None:
    """Show who is known, and by how many faces."""
    from rich.console import Console
    from rich.table import Table

    from ...operations.celebrities import celebrity_id

    table = Table("ExternalImageId", "Name", "Id", "Faces", box=None)
    with _gallery(endpoint_url) as (client, gallery):
        known = Counter(face["ExternalImageId"] for face in _faces(client, gallery) if "ExternalImageId" in face)
        for external_id, faces in sorted(known.items()):
            identity = celebrity_id(external_id)
            table.add_row(external_id, client.get_celebrity_info(Id=identity)["Name"], identity, str(faces))
    Console().print(table)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="Who is to be forgotten.")], endpoint_url: Endpoint = HERE) -> None:
    """Delete all faces of somebody, vectors included."""
    external_id = external_id_of(name)
    with _gallery(endpoint_url) as (client, gallery):
        named = [face["FaceId"] for face in _faces(client, gallery) if face.get("ExternalImageId") == external_id]
        if not named:
            raise SetupError(f"nobody is called {external_id}: `lookalike celebrities list` shows who is known")
        for start in range(0, len(named), _FACES_A_CALL):
            client.delete_faces(CollectionId=gallery, FaceIds=named[start : start + _FACES_A_CALL])
    print(f"{external_id}: {len(named)} faces deleted")


def external_id_of(name: str) -> str:
    """A name as an ExternalImageId, spaces as underscores; raises SetupError for letters that AWS does not allow."""
    external_id = "_".join(name.split())
    if not AN_EXTERNAL_ID.fullmatch(external_id):
        raise SetupError(
            f"{name!r} has characters that an ExternalImageId cannot have: add it in a-z, A-Z, 0-9, _ . - and :, and"
            ' write the name as it is shown into the facts file, as in [Zoe] name = "Zoë"'
        )
    return external_id


@contextmanager
def _gallery(endpoint_url: str) -> Iterator[tuple[Any, str]]:
    """A client and the gallery's collection id; what the server refuses becomes a SetupError."""
    with connected(endpoint_url) as client:
        yield client, Settings.from_environ().celebrities


def _make(client: Any, gallery: str) -> None:
    with suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_collection(CollectionId=gallery)


def _index(client: Any, gallery: str, external_id: str, photo: Path) -> str | None:
    """Add the largest face of a photo; returns why not, where it cannot."""
    from botocore.exceptions import ClientError

    try:
        answer = client.index_faces(
            CollectionId=gallery, Image={"Bytes": photo.read_bytes()}, ExternalImageId=external_id, MaxFaces=1
        )
    except (OSError, ClientError) as error:
        return str(error)
    if answer["FaceRecords"]:
        return None
    reasons = sorted({reason for face in answer["UnindexedFaces"] for reason in face["Reasons"]})
    return ", ".join(reasons) or "no face found"


def _faces(client: Any, gallery: str) -> Iterator[Any]:
    """All faces of the gallery, which may not be there yet."""
    with suppress(client.exceptions.ResourceNotFoundException):
        for page in client.get_paginator("list_faces").paginate(CollectionId=gallery):
            yield from page["Faces"]
