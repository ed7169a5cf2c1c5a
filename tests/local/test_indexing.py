"""`lookalike index` and `lookalike search`, against a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chalicelib.errors import SetupError
from chalicelib.local.commands.asking import RefusedError, UnreachableError
from chalicelib.local.commands.indexing import Indexing, name_of
from tests.conftest import ROOT, Server
from tests.local.test_looking import ASTRONAUT, CAT, Lookalike

VISITOR = ROOT / "examples" / "visitor.jpg"
COLLECTION = "people-of-the-command-line"


@pytest.fixture
def lookalike(server: Server) -> Iterator[Lookalike]:
    yield Lookalike(server.url)
    client = server.client()
    if COLLECTION in client.list_collections()["CollectionIds"]:
        client.delete_collection(CollectionId=COLLECTION)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A folder of a photo that does, and of several that do not."""
    folder = tmp_path / "people" / "Eileen Collins"
    folder.mkdir(parents=True)
    (folder / "portrait.jpg").write_bytes(ASTRONAUT.read_bytes())
    (folder / "cat.jpg").write_bytes(CAT.read_bytes())
    (folder / "words.jpg").write_text("words")
    Image.new("RGB", (100, 100)).save(folder / "dark.png")
    return tmp_path / "people"


def test_who_was_indexed_is_found_by_name(lookalike: Lookalike, tmp_path: Path) -> None:
    photo = tmp_path / "Eileen Collins.jpg"
    photo.write_bytes(ASTRONAUT.read_bytes())
    indexed = lookalike("index", COLLECTION, photo)
    assert indexed.exit_code == 0, indexed.exception
    assert f"1 face of 1 of 1 photos indexed into {COLLECTION}" in indexed.output
    name, similarity, _ = lookalike("search", COLLECTION, VISITOR).output.splitlines()[-1].split()
    assert name == "Eileen_Collins"
    assert float(similarity) > 99
    found = json.loads(lookalike("search", COLLECTION, VISITOR, "--json").output)
    assert found["FaceMatches"][0]["Face"]["ExternalImageId"] == name
    assert lookalike("search", COLLECTION, VISITOR, "--threshold", "100").output == "nothing\n"


def test_a_folder_is_indexed_but_for_what_is_listed(lookalike: Lookalike, people: Path, server: Server) -> None:
    for _ in range(2):  # again: what is there is not indexed twice
        indexed = lookalike("index", COLLECTION, people, "--by-folder")
        assert "1 face of 1 of 4 photos" in indexed.output
        assert isinstance(indexed.exception, SetupError)
        told = str(indexed.exception)
        assert "cat.jpg: no face found" in told
        assert "words.jpg: not a picture" in told
        assert "dark.png: no face found" in told
        assert "portrait.jpg" not in told
    (face,) = server.client().list_faces(CollectionId=COLLECTION)["Faces"]
    assert face["ExternalImageId"] == "Eileen_Collins"


def test_what_cannot_be_searched_is_told(lookalike: Lookalike) -> None:
    absent = lookalike("search", "there-is-none", VISITOR)
    assert isinstance(absent.exception, SetupError)
    assert "ResourceNotFoundException" in str(absent.exception)
    refused = lookalike("index", "no spaces here", VISITOR)
    assert isinstance(refused.exception, SetupError)
    assert "ValidationException" in str(refused.exception)


@pytest.mark.parametrize("command", ["index", "search"])
def test_without_a_server_the_way_to_one_is_told(command: str) -> None:
    refused = Lookalike("http://127.0.0.1:9")(command, COLLECTION, VISITOR)
    assert isinstance(refused.exception, SetupError)
    assert "lookalike serve" in str(refused.exception)


@pytest.fixture
def nine(tmp_path: Path) -> list[Path]:
    photos = [tmp_path / f"{number}.jpg" for number in range(9)]
    for photo in photos:
        photo.write_bytes(ASTRONAUT.read_bytes())
    return photos


def test_each_photo_is_indexed_or_listed(nine: list[Path]) -> None:
    def ask(operation: str, members: Any) -> dict[str, Any]:
        assert operation == "IndexFaces"
        if int(members["ExternalImageId"]) % 3 == 1:
            raise RefusedError("ThrottlingException", "Slow down")
        return {"FaceRecords": [{}, {}], "UnindexedFaces": []}

    told: list[tuple[int, int]] = []
    faces, refusals = Indexing(ask, COLLECTION).all_of(nine, lambda _, done, total: told.append((done, total)))
    assert faces == 12
    assert set(refusals) == {nine[1], nine[4], nine[7]}
    assert refusals[nine[1]] == "ThrottlingException: Slow down"
    assert told == [(done, 9) for done in range(1, 10)]


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ([], "no face found"),
        ([["LOW_SHARPNESS"], ["EXTREME_POSE", "LOW_SHARPNESS"]], "EXTREME_POSE, LOW_SHARPNESS"),
        ([[]], "not taken, and no reason given"),
    ],
)
def test_why_a_photo_gave_no_face(nine: list[Path], reasons: list[list[str]], told: str) -> None:
    answer = {"FaceRecords": [], "UnindexedFaces": [{"Reasons": why} for why in reasons]}
    with pytest.raises(SetupError, match=told):
        Indexing(lambda *_: answer, COLLECTION).one(nine[0])


def test_once_the_server_is_gone_the_rest_is_listed_untried(nine: list[Path]) -> None:
    asked: list[str] = []

    def ask(_operation: str, members: Any) -> dict[str, Any]:
        asked.append(members["ExternalImageId"])
        raise UnreachableError("no server answers")

    faces, refusals = Indexing(ask, COLLECTION).all_of(nine, lambda *_: None)
    assert (faces, set(refusals)) == (0, set(nine))
    assert len(asked) <= 4  # those that were under way
    assert "not tried: the server is gone" in refusals.values()


def test_names_come_from_files_or_folders() -> None:
    photo = Path("people") / "Ada Lovelace" / "Grace  Hopper.jpg"
    assert name_of(photo, by_folder=False) == "Grace_Hopper"
    assert name_of(photo, by_folder=True) == "Ada_Lovelace"
    with pytest.raises(SetupError, match="rename"):
        name_of(Path("Zoë.jpg"), by_folder=False)
