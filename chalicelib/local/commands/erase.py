"""`lookalike erase`: everything that is kept of one person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ...errors import SetupError
from .operating import HERE, DataDir, Endpoint, ask

Found = Mapping[str, Any]


def erase(  # noqa: PLR0917 -- each an option of the command line
    photo: Annotated[
        Path | None, typer.Option(help="A photo of the person: its largest face is looked for.", dir_okay=False)
    ] = None,
    external_image_id: Annotated[str | None, typer.Option(help="The ExternalImageId the person has.")] = None,
    similarity: Annotated[
        float, typer.Option(help="From which a face is taken for the photo's.", min=1, max=100)
    ] = 99.0,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON; needs --yes.")] = False,
    data_dir: DataDir = HERE,
    endpoint_url: Endpoint = None,
) -> None:
    """Find a person in every collection and erase what is kept of them; print a receipt.

    Erased are their faces, the users' vectors made from them, the uploaded pictures that brought them with what was
    read off these, what searches of videos told of them, and consents under that name.
    """
    person = {"Photo": _read(photo), "ExternalImageId": external_image_id, "Similarity": similarity}
    if as_json and not yes:
        raise SetupError("--json asks no questions: add --yes, or look first without both")
    if not yes:
        found = ask(data_dir, endpoint_url, "FindPerson", **person)
        if not any(found.values()):
            print("Nothing is kept of this person.")
            return
        _show(found)
        typer.confirm("Erase all of this?", abort=True)
    receipt = ask(data_dir, endpoint_url, "ErasePerson", **person)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(receipt)).decode())
        return
    _show(receipt["Erased"])
    for member, what in {"UsersMadeAnew": "made anew without them", "UsersDeleted": "deleted"}.items():
        for user in receipt[member]:
            print(f"user {user}: {what}")
    print(f"Receipt {receipt['ReceiptId']} of {receipt['Time']}, SHA-256 {receipt['Sha256']}")
    if receipt["Left"]:
        raise SetupError(f"{receipt['Left']} faces were indexed meanwhile: run this again")


def _read(photo: Path | None) -> bytes | None:
    try:
        return None if photo is None else photo.read_bytes()
    except OSError as error:
        raise SetupError(f"{photo} cannot be read: {error.strerror}") from error


def _show(found: Found) -> None:
    for face in found["Faces"]:
        name = face.get("ExternalImageId", "no ExternalImageId")
        why = ", somebody else in a picture that goes" if face.get("Other") else ""
        print(f"face {face['FaceId']} of {face['CollectionId']} ({name}{why})")
    for name in found["Objects"]:
        print(f"picture {name}")
    for collection in found["Consents"]:
        print(f"consent for {collection}")
    for collection in found["Unreadable"]:
        print(f"collection {collection}: its key is lost, and nobody can tell who is in it; delete it to be sure")
