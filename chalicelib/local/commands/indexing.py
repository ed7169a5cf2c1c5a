"""`lookalike index` and `lookalike search`: a collection of people from photos that are named after them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from ...errors import SetupError
from .asking import HERE, Ask, Endpoint, RefusedError, UnreachableError, asking
from .celebrities import AN_EXTERNAL_ID
from .looking import show
from .photos import bytes_of, photos_of
from .progress import Report, bars

Collection = Annotated[str, typer.Argument(help="The CollectionId: a-z, A-Z, 0-9, _ . and -.")]
_AT_ONCE = 4
"""Photos under way: while one is looked at, the next are read and sent."""


def index(
    collection: Collection,
    files: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos, at any depth.", exists=True)],
    by_folder: Annotated[
        bool, typer.Option("--by-folder", help="Name people by the folder of their photos, not by the file.")
    ] = False,
    max_faces: Annotated[
        int, typer.Option(help="Faces to take of each photo, the largest first; all get its name.", min=1, max=100)
    ] = 1,
    endpoint_url: Endpoint = HERE,
) -> None:
    """Put the faces of photos into a collection; it is made where it is absent.

    The name of a file becomes the ExternalImageId of its face, spaces as underscores: Ada Lovelace.jpg is
    Ada_Lovelace. Photos that cannot be indexed are listed at the end, and spoil no other. A photo that is there
    already is not indexed twice, so the same command can be given again.

    Examples:

      lookalike index people "Ada Lovelace.jpg" "Grace Hopper.png"

      lookalike index people photos/ --by-folder
    """
    photos = photos_of(files)
    indexing = Indexing(asking(endpoint_url), collection, by_folder, max_faces)
    indexing.make_collection()
    with bars() as progress:
        faces, refusals = indexing.all_of(photos, progress)
    indexed = len(photos) - len(refusals)
    print(f"{faces} face{'s' * (faces != 1)} of {indexed} of {len(photos)} photos indexed into {collection}")
    if refusals:
        lines = "\n".join(f"  {photo}: {refusals[photo]}" for photo in photos if photo in refusals)
        raise SetupError(f"not indexed:\n{lines}")


def search(  # noqa: PLR0917 -- each an option of the command line
    collection: Collection,
    photo: Annotated[Path, typer.Argument(help="Its largest face is looked for.", exists=True, dir_okay=False)],
    threshold: Annotated[float, typer.Option(help="The least similarity of a match.", min=0, max=100)] = 80.0,
    max_faces: Annotated[int, typer.Option(help="Matches to show, the most similar first.", min=1, max=4096)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the API answers, as JSON.")] = False,
    endpoint_url: Endpoint = HERE,
) -> None:
    """Tell who of a collection is on a photo.

    Take 99 as the threshold where a mistake would hurt, and a person to decide.

    Example:

      lookalike search people visitor.jpg
    """
    try:
        members = {"CollectionId": collection, "FaceMatchThreshold": threshold, "MaxFaces": max_faces}
        answer = asking(endpoint_url)("SearchFacesByImage", {"Image": {"Bytes": bytes_of(photo)}, **members})
    except (OSError, RefusedError) as error:
        raise SetupError(f"{photo}: {error}") from error
    if as_json:
        print(json.dumps(answer))
        return
    rows = [
        (match["Face"].get("ExternalImageId", ""), f"{match['Similarity']:.1f}", match["Face"]["FaceId"])
        for match in answer["FaceMatches"]
    ]
    show(("Name", "Similarity", "FaceId"), rows)


@dataclass(frozen=True, slots=True)
class Indexing:
    """Photos on their way into a collection."""

    ask: Ask
    collection: str
    by_folder: bool = False
    """Whether people are named by the folder of their photos."""
    max_faces: int = 1
    """Faces taken of a photo, 1 to 100."""

    def make_collection(self) -> None:
        """Make the collection where it is absent. Raises SetupError where it cannot be made."""
        try:
            self.ask("CreateCollection", {"CollectionId": self.collection})
        except RefusedError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise SetupError(str(error)) from error

    def all_of(self, photos: Sequence[Path], progress: Report) -> tuple[int, dict[Path, str]]:
        """Index photos, several at once; returns how many faces were taken, and why photos were not, by their paths.

        Once the server is gone, the rest is not tried.
        """
        faces, refusals, gone = 0, {}, Event()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            tasks = {pool.submit(self._try, photo, gone): photo for photo in photos}
            try:
                for done, task in enumerate(as_completed(tasks), 1):
                    try:
                        faces += task.result()
                    except (OSError, RefusedError, SetupError) as error:
                        refusals[tasks[task]] = str(error)
                    progress(f"index into {self.collection}", done, len(photos))
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return faces, refusals

    def _try(self, photo: Path, gone: Event) -> int:
        if gone.is_set():
            raise SetupError("not tried: the server is gone")
        try:
            return self.one(photo)
        except UnreachableError:
            gone.set()
            raise

    def one(self, photo: Path) -> int:
        """Index a photo; returns how many faces it gave. Raises SetupError where that is none, and says why."""
        named = {"CollectionId": self.collection, "ExternalImageId": name_of(photo, self.by_folder)}
        image = {"Bytes": bytes_of(photo)}
        answer = self.ask("IndexFaces", {**named, "Image": image, "MaxFaces": self.max_faces})
        if answer["FaceRecords"]:
            return len(answer["FaceRecords"])
        if not answer["UnindexedFaces"]:
            raise SetupError("no face found")
        reasons = sorted({reason for face in answer["UnindexedFaces"] for reason in face["Reasons"]})
        raise SetupError(", ".join(reasons) or "not taken, and no reason given")  # as of who opted out


def name_of(photo: Path, by_folder: bool) -> str:
    """The ExternalImageId of a photo: its name, or its folder's, spaces as underscores.

    Raises SetupError for letters that AWS does not allow: made into others, two people could become one.
    """
    named = photo.resolve().parent.name if by_folder else photo.stem
    external_id = "_".join(named.split())
    if not AN_EXTERNAL_ID.fullmatch(external_id):
        raise SetupError(f"{named!r} has characters that an ExternalImageId cannot have: rename it to a-z, 0-9, _ . -")
    return external_id
