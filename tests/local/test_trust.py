"""The commands about people, with a real server on a data directory and real faces; and what its files then hold."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.vision.faces import Faces
from chalicelib.vision.picture import decode
from chalicelib.vision.sessions import Sessions

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOOKALIKE_DATA"))}


class Serving:
    """`lookalike serve` with a data directory."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chalicelib", "serve", "--port", "0", "--data-dir", str(folder), *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRON | {"PYTHONUNBUFFERED": "1", "LOOKALIKE_SYNC": "0"},
        )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline() for _ in range(3)]  # the control file is there with the last
        assert lines[0], "the server did not start: it says why above"
        self.url = lines[0].split()[-1]

    def client(self, service: str = "rekognition") -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
        )

    def run(self, *arguments: str, status: int = 0, answer: str = "") -> str:
        """What a command prints; on stderr where it fails."""
        command = [sys.executable, "-m", "chalicelib", *arguments, "--data-dir", str(self.folder)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env=ENVIRON, input=answer, check=False, timeout=120
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stderr if status else done.stdout

    def files(self) -> bytes:
        return b"\n".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())

    def events(self) -> list[str]:
        """The names of the events in the audit."""
        lines = [line for path in (self.folder / "audit").iterdir() for line in path.read_text().splitlines()]
        return [record["eventName"] for record in map(json.loads, lines) if record["eventType"] == "AwsServiceEvent"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)


@pytest.fixture
def serving(models: Path, tmp_path: Path) -> Iterator[Serving]:
    made = Serving(tmp_path / "data")
    yield made
    made.stop()


@pytest.fixture
def photo(tmp_path: Path, astronaut: bytes) -> Path:
    path = tmp_path / "astronaut.jpg"
    path.write_bytes(astronaut)
    return path


def until_indexed(client: Any, collection: str, faces: int) -> list[dict[str, Any]]:
    """The faces of a collection, once the upload was dealt with."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            found: list[dict[str, Any]] = client.list_faces(CollectionId=collection)["Faces"]
        except ClientError:
            found = []
        if len(found) == faces:
            return found
        time.sleep(0.05)
    raise AssertionError("the upload was not dealt with")


def encodings(photo: bytes, sessions: Sessions) -> list[bytes]:
    """The vector of the face in a photo, as it might be written down."""
    picture, faces = decode(photo), Faces(sessions)
    vector = faces.embed(picture, faces.detect(picture, 1))[0]
    return [vector.astype(kind).tobytes() for kind in (np.float32, np.float16, np.float64)]


def pieces(needle: bytes) -> list[bytes]:
    """A few dozen pieces of it, none of which is found by chance."""
    return [needle[at : at + 16] for at in range(0, max(1, len(needle) - 15), max(16, len(needle) // 64))]


def found_in(files: bytes, needles: list[bytes]) -> bool:
    return any(piece in files for needle in needles for piece in pieces(needle))


def test_the_search_finds_what_is_there(astronaut: bytes) -> None:
    assert found_in(b"before" + astronaut[len(astronaut) // 2 :] + b"after", [astronaut])


def test_consents(serving: Serving, astronaut: bytes) -> None:
    client = serving.client()
    client.create_collection(CollectionId="staff", Tags={"lookalike:consent": "required"})
    ask = {"CollectionId": "staff", "Image": {"Bytes": astronaut}, "ExternalImageId": "eileen"}
    with pytest.raises(ClientError, match="lookalike consent add staff eileen"):
        client.index_faces(**ask)
    serving.run("consent", "add", "staff", "eileen")
    assert len(client.index_faces(**ask)["FaceRecords"]) == 1
    assert "eileen" in serving.run("consent", "list", "staff")
    assert "1 faces erased" in serving.run("consent", "remove", "staff", "eileen")
    assert client.describe_collection(CollectionId="staff")["FaceCount"] == 0
    assert "does not exist" in serving.run("consent", "add", "nobody", "eileen", status=1)
    assert serving.events() == ["AddConsent", "RemoveConsent"]


def test_opting_out_and_in(serving: Serving, astronaut: bytes, photo: Path) -> None:
    client = serving.client()
    client.create_collection(CollectionId="people", Tags={"lookalike:purpose": "a test"})
    index = {"CollectionId": "people", "Image": {"Bytes": astronaut}}
    assert len(client.index_faces(**index)["FaceRecords"]) == 1
    said = serving.run("optout", "add", str(photo))
    assert "1 of people" in said
    assert client.describe_collection(CollectionId="people")["FaceCount"] == 0
    answer = client.index_faces(**index)
    assert answer["FaceRecords"] == []
    assert [face["Reasons"] for face in answer["UnindexedFaces"]] == [[]]
    assert client.search_faces_by_image(**index)["FaceMatches"] == []
    identity = said.split()[0]
    assert identity in serving.run("optout", "list")
    serving.run("optout", "remove", identity)
    assert "not on the list" in serving.run("optout", "remove", identity, status=1)
    assert len(client.index_faces(**index)["FaceRecords"]) == 1
    nobody = photo.with_name("nobody.jpg")
    nobody.write_bytes((ROOT / "tests" / "photos" / "coffee.jpg").read_bytes())
    assert "no face in the photo" in serving.run("optout", "add", str(nobody), status=1)
    log = [json.loads(line) for path in (serving.folder / "audit").iterdir() for line in path.read_text().splitlines()]
    noted = [record["additionalEventData"] for record in log if record["eventName"] == "IndexFaces"]
    assert [facts.get("optedOut") for facts in noted] == [None, 1, None]
    assert {facts["purpose"] for facts in noted} == {"a test"}


def test_a_person_is_erased_and_nothing_is_left_in_any_file(
    serving: Serving, astronaut: bytes, photo: Path, sessions: Sessions
) -> None:
    client, s3 = serving.client(), serving.client("s3")
    s3.put_object(Bucket="lookalike-uploads", Key="collections/people/eileen.jpg", Body=astronaut)
    (face,) = until_indexed(client, "people", 1)
    assert face["ExternalImageId"] == "eileen"
    needles = [*encodings(astronaut, sessions), astronaut, b"eileen"]
    assert not found_in(serving.files(), needles), "what is kept is sealed"
    dynamodb = serving.client("dynamodb")
    dump = repr([dynamodb.scan(TableName=name)["Items"] for name in dynamodb.list_tables()["TableNames"]])
    assert not any(repr(piece)[2:-1] in dump for needle in needles[:-1] for piece in pieces(needle))
    assert "Aborted" in serving.run("erase", "--photo", str(photo), status=1, answer="n\n")
    assert client.describe_collection(CollectionId="people")["FaceCount"] == 1
    told = json.loads(serving.run("erase", "--external-image-id", "eileen", "--yes", "--json"))
    assert [one["FaceId"] for one in told["Erased"]["Faces"]] == [face["FaceId"]]
    assert told["Erased"]["Objects"] == ["s3://lookalike-uploads/collections/people/eileen.jpg"]
    sha256 = told.pop("Sha256")
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert client.describe_collection(CollectionId="people")["FaceCount"] == 0
    assert "Contents" not in s3.list_objects_v2(Bucket="lookalike-uploads")
    assert serving.run("erase", "--photo", str(photo)) == "Nothing is kept of this person.\n"
    assert "ErasePerson" in serving.events()
    assert not found_in(serving.files(), needles)


def test_the_directory_can_be_copied_and_its_key_replaced(serving: Serving, astronaut: bytes, tmp_path: Path) -> None:
    client = serving.client()
    client.create_collection(CollectionId="people")
    client.index_faces(CollectionId="people", Image={"Bytes": astronaut})
    assert "holds a new key, the old one is dropped; 1 collections" in serving.run("state", "rotate-key")
    assert len(client.search_faces_by_image(CollectionId="people", Image={"Bytes": astronaut})["FaceMatches"]) == 1
    serving.run("state", "export", str(tmp_path / "archive"))
    serving.stop()
    key = serving.folder / "key"
    copy = Serving.__new__(Serving)
    copy.folder = tmp_path / "copy"
    assert "--key-file" in copy.run("state", "import", str(tmp_path / "archive"), status=1)
    copy.run("state", "import", str(tmp_path / "archive"), "--key-file", str(key))
    again = Serving(tmp_path / "copy")
    try:
        client = again.client()
        found = client.search_faces_by_image(CollectionId="people", Image={"Bytes": astronaut})
        assert found["FaceMatches"][0]["Similarity"] > 99
    finally:
        again.stop()


@pytest.mark.usefixtures("models")
def test_where_signatures_are_required_only_the_operator_comes_in(tmp_path: Path) -> None:
    strict = Serving(tmp_path / "data", "--auth", "required")
    try:
        strict.run("optout", "list")
        for headers in (
            {},
            {"Authorization": "AWS4-HMAC-SHA256 Credential=operator/20260101/us-east-1/x/aws4_request"},
        ):
            asked = Request(f"{strict.url}/_lookalike/admin/ListOptOuts", b"{}", headers, method="POST")
            with pytest.raises(HTTPError) as refused:
                urlopen(asked, timeout=30)
            refused.value.close()
            assert refused.value.code in (400, 403)
    finally:
        strict.stop()


def test_where_no_server_runs_that_is_what_is_said(tmp_path: Path) -> None:
    copy = Serving.__new__(Serving)
    copy.folder = tmp_path
    for command in (("optout", "list"), ("consent", "list", "people"), ("erase", "--external-image-id", "a")):
        said = copy.run(*command, status=1)
        assert said.startswith(f"lookalike: no server has {tmp_path}: run `lookalike serve")
        assert said.count("\n") == 1
